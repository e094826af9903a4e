/** Sends requests with the token to the server and to the hosts in the options. */

import type { AccessTokens } from './access-token'
import { Code2SessionError } from './error'
import type { Login } from './login'
import type { Settings } from './options'
import { parseOrigin } from './origin'
import {
  findFailure,
  parseAnswer,
  requireSuccess,
  send,
  sendCredentials,
  waitToRetry,
} from './send'
import type { Wx, WxRequestOptions, WxResponse } from './wx'

/**
 * The options of `client.request`: those of `wx.request`, and `login`. A `url` that begins with a
 * slash is a path of the server.
 *
 * @example
 * ```ts
 * const options: RequestOptions = { url: 'https://api.example.com/news', login: false }
 * ```
 */
export interface RequestOptions extends WxRequestOptions {
  /**
   * Whether to log in if there is no session or it has ended. The default is true. With false, the
   * request gets the token if there is a session and none if there is not: for public content, and
   * for pages opened from Moments, where `wx.login` does not work (single-page mode).
   */
  readonly login?: boolean
}

/** Calls an endpoint of the server. `Result` is what the endpoint answers, by its contract. */
export type Call = <Result>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  data?: object,
) => Promise<Result>

export function createRequest(
  wx: Wx,
  settings: Settings,
  login: Login,
  accessTokens: AccessTokens,
) {
  const { baseUrl, origins, loginWhen } = settings

  const needsLogin = (response: WxResponse) =>
    response.statusCode === 401 || (loginWhen ? loginWhen(response) : false)

  async function request(requested: RequestOptions): Promise<WxResponse> {
    const { login: mayLogIn = true, ...rest } = requested
    const { dataType = 'json' } = requested
    const asked = String(rest.url)
    const options = { ...rest, url: asked[0] === '/' ? baseUrl + asked : asked }
    // Only hosts in the options get the token, so a mistake in a URL cannot give it away.
    const index = origins.indexOf(requireOrigin(options.url))
    if (index < 0) return send(wx, options)
    // The first origin is the server's own.
    const tokens = settings.accessTokens && index > 0 ? accessTokens : login
    // Only the caller knows what another host answers.
    const isOurs = options.url.indexOf(`${baseUrl}/`) === 0 && dataType === 'json'
    const parse = isOurs ? parseAnswer : (response: WxResponse) => response
    const logouts = login.logouts()
    const token = await tokens.token(mayLogIn)
    if (!token) return parse(await send(wx, options))
    const response = parse(await sendCredentials(wx, options, token))
    if (!needsLogin(response) || login.logouts() !== logouts) return response
    tokens.forget(token)
    const newToken = await tokens.token(mayLogIn)
    // Repeated only once. All requests that were refused share one login.
    return newToken ? parse(await sendCredentials(wx, options, newToken)) : response
  }

  async function call<Result>(...[method, path, data]: Parameters<Call>): Promise<Result> {
    const options = { url: path, method, ...(data && { data }) }
    let response = await request(options)
    const failure = findFailure(response)
    if (failure) {
      await waitToRetry(failure)
      response = await request(options)
    }
    // The server's contract says what a success holds.
    return requireSuccess(response).data as Result
  }

  return { request, call }
}

/** @throws {Code2SessionError} `url_invalid` */
function requireOrigin(url: string): string {
  const origin = parseOrigin(url)
  if (origin !== null) return origin
  throw new Code2SessionError('url_invalid', 'fix_request', {
    detail: 'url must begin with / or be like https://a.example/path',
  })
}
