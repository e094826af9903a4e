/** The environment of an end-to-end test: the sandbox in one workerd, Workers under test in others. */

import { type BuiltWorker, buildSandbox, type ServeOptions, serve } from './built-worker'
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
  /** Parsed JSON, the text if it is not JSON, or `null` for an empty body. */
  readonly answer: unknown
}

export interface SendOptions {
  readonly token?: string
  /** An object is sent as JSON, URLSearchParams as a form. */
  readonly body?: object | URLSearchParams
}

export type Environment = Awaited<ReturnType<typeof startEnvironment>>

/** Builds and serves the sandbox. `close` also closes each Worker that was served. */
export async function startEnvironment() {
  const sandbox = await buildSandbox()
  const wechat = await serve(sandbox, {
    bindings: { ...CREDENTIALS, ...PUSH, SERVICE_KEYS: 'k'.repeat(32) },
  })
  const upstream = await startUpstream(() => wechat.url)
  const closers = [wechat.close, upstream.close]

  /** Serves a Worker that has the upstream as its WeChat. */
  async function serveWithUpstream(built: BuiltWorker, options: Partial<ServeOptions> = {}) {
    const bindings = { ...CREDENTIALS, WECHAT_API_BASE: upstream.url, ...options.bindings }
    const served = await serve(built, { ...options, bindings })
    closers.unshift(served.close)
    return served
  }

  const press = (name: string, body?: object) => pressOnPhone(wechat.url, name, body)

  /** Calls `wx.login` and posts its code to this path: the token of the new session. */
  async function logIn(base: URL, user = 'alice', path = '/login'): Promise<string> {
    const { code } = await press('wx.login', { user })
    const { answer } = await send(base, 'POST', path, { body: { code } })
    return (answer as { token: string }).token
  }

  async function close(): Promise<void> {
    for (const close of closers) await close()
  }

  return { sandbox, upstream, serve: serveWithUpstream, press, logIn, close }
}

/** Uses the sandbox's phone, e.g. `wx.login`: what it gives the mini program. */
export async function pressOnPhone(
  sandbox: URL,
  name: string,
  body: object = {},
): Promise<Record<string, unknown>> {
  const { answer } = await send(sandbox, 'POST', `/sandbox/${name}`, { body })
  return (answer ?? {}) as Record<string, unknown>
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
  const text = await response.text()
  return { status: response.status, headers: response.headers, answer: parseAnswer(text) }
}

function parseAnswer(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}
