/** What these tests play on: the sandbox in one workerd, a Worker under test in another. */

import { type Built, build, type ServeOptions, serve } from './built-worker'
import { startUpstream } from './upstream'

export const APPID = 'wx4f4bc4dec97d474b'
export const CREDENTIALS = {
  WECHAT_APPID: APPID,
  WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
}
export const PUSH = { WECHAT_PUSH_TOKEN: 'AAAAA', WECHAT_PUSH_AES_KEY: 'A'.repeat(43) }

export interface Reply {
  readonly status: number
  readonly headers: Headers
  /** The parsed JSON, the text where it is none, or `null` for an empty body. */
  readonly answer: unknown
}

export interface SendOptions {
  readonly token?: string
  /** An object is sent as JSON, anything else as it is. */
  readonly body?: object | URLSearchParams
}

export type Stage = Awaited<ReturnType<typeof openStage>>

/** Builds the sandbox and serves it; closes what was opened when it is closed. */
export async function openStage() {
  const sandbox = build({ config: 'src/sandbox/wrangler.toml', main: 'dev' })
  const wechat = await serve(sandbox, {
    bindings: { ...CREDENTIALS, ...PUSH, SERVICE_KEYS: 'k'.repeat(32) },
  })
  const upstream = await startUpstream(() => wechat.url)
  const closers = [wechat.close, upstream.close]

  /** Serves a Worker whose WeChat is the upstream. */
  async function play(built: Built, options: Partial<ServeOptions> = {}) {
    const bindings = { ...CREDENTIALS, WECHAT_API_BASE: upstream.url, ...options.bindings }
    const served = await serve(built, { ...options, bindings })
    closers.unshift(served.close)
    return served
  }

  /** Presses something on the phone. */
  async function phone(path: string, body: object = {}): Promise<Record<string, unknown>> {
    const { answer } = await send(wechat.url, 'POST', `/sandbox/${path}`, { body })
    return answer as Record<string, unknown>
  }

  /** wx.login, and POST to the login at this path: the token. */
  async function logIn(base: URL, user = 'alice', path = '/login'): Promise<string> {
    const { code } = await phone('wx.login', { user })
    const { answer } = await send(base, 'POST', path, { body: { code } })
    return (answer as { token: string }).token
  }

  async function close(): Promise<void> {
    for (const close of closers) await close()
  }

  return { sandbox, upstream, play, phone, logIn, close }
}

/** One request over HTTP. */
export async function send(
  base: URL,
  method: string,
  path: string,
  { token, body }: SendOptions = {},
): Promise<Reply> {
  const isForm = body instanceof URLSearchParams
  const response = await fetch(new URL(path, base), {
    method,
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && !isForm && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  })
  return {
    status: response.status,
    headers: response.headers,
    answer: parsed(await response.text()),
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}
