/**
 * The built Worker with a recording WeChat, called over HTTP and over RPC by another Worker.
 */

import { request as httpRequest, type IncomingMessage } from 'node:http'
import { buildProduction, type ServeOptions, serve } from './built-worker'
import { CREDENTIALS, send } from './environment'
import { startRecordingWeChat } from './recording-wechat'

export const SERVICE_KEY = 's'.repeat(32)

/**
 * The developer's other Worker. `POST /rpc/sign` calls LoginService#sign with the JSON body as its
 * arguments; `POST /wechat-rpc?path=…` calls LoginService#wechat with the request's own body,
 * method and headers; any other request is passed on.
 */
const CALLER = `export default {
  async fetch(request, env) {
    const url = new URL(request.url)
    const [, entrypoint, method] = url.pathname.split('/')
    if (entrypoint === 'rpc') {
      const answer = await env.LOGIN[method](...(await request.json()))
      return answer instanceof Response ? answer : Response.json(answer)
    }
    if (entrypoint === 'wechat-rpc') {
      const { body, headers } = request
      return env.LOGIN.wechat(url.searchParams.get('path'), { method: 'POST', body, headers })
    }
    return env.HTTP.fetch(request)
  },
}`

export interface PassOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Sends the body without its length. */
  readonly isChunked?: boolean
}

export type Backend = Awaited<ReturnType<typeof startBackend>>

export async function startBackend(options: Partial<ServeOptions> = {}) {
  const wechat = await startRecordingWeChat()
  const settings = { SERVICE_KEYS: SERVICE_KEY, WECHAT_API_BASE: wechat.url }
  const bindings = { ...CREDENTIALS, ...settings, ...options.bindings }
  const served = await serve(await buildProduction(), { ...options, bindings, caller: CALLER })
  const { url, logs } = served

  /** A login that may fail. WeChat's openid of the user is `o` and the name. */
  const tryLogin = (name = 'alice') =>
    send(url, 'POST', '/login', { body: { code: `${name}-${Math.random()}` } })

  async function logIn(name?: string): Promise<string> {
    return ((await tryLogin(name)).answer as { token: string }).token
  }

  /** Calls a method of LoginService from the other Worker. */
  async function call(method: string, ...args: unknown[]) {
    const { answer } = await send(url, 'POST', `/rpc/${method}`, { body: args })
    return answer as Record<string, unknown>
  }

  /** The status of `GET /session`. */
  const fetchStatus = async (token: string) =>
    (await send(url, 'GET', '/session', { token })).status

  /** A raw request to the pass-through, so that nothing normalizes its path, and its response. */
  function open(path: string, { method = 'GET', headers, body, isChunked }: PassOptions = {}) {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = httpRequest(url.href, {
      path: `/wechat/api${path}`,
      method,
      headers: {
        Authorization: `Bearer ${SERVICE_KEY}`,
        ...(body && !isChunked && { 'Content-Length': String(body.length) }),
        ...headers,
      },
    })
    request.on('response', resolve).on('error', reject)
    if (isChunked && body) request.write(body.subarray(0, 10))
    request.end(isChunked ? body?.subarray(10) : body)
    return promise
  }

  async function pass(path: string, options?: PassOptions) {
    const response = await open(path, options)
    const bytes = Buffer.concat(await response.toArray())
    const { statusCode: status, headers } = response
    return { status, headers, bytes, text: bytes.toString() }
  }

  async function close(): Promise<void> {
    await served.close()
    await wechat.close()
  }

  return { url, logs, wechat, tryLogin, logIn, call, fetchStatus, open, pass, close }
}
