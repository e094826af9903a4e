/** Requests with the token: to the server, and to the hosts that were configured. */

import type { Login } from './login'
import type { ClientOptions } from './options'
import { failureOf, send, waitToRetry } from './send'
import type { Wx, WxRequestOptions, WxResponse } from './wx'

/** As for `wx.request`; a `url` that begins with a slash is a path of the server. */
export type RequestOptions = WxRequestOptions

/** Calls an endpoint of the server and gives its answer's data. */
export type Call = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  data?: object,
) => Promise<unknown>

export function createRequest(wx: Wx, options: ClientOptions, login: Login) {
  const { baseUrl, hosts = [], loginWhen } = options
  const origins = [baseUrl, ...hosts].map(originOf)

  const needsLogin = (response: WxResponse) =>
    response.statusCode === 401 || (loginWhen ? loginWhen(response) : false)

  async function request(requested: RequestOptions): Promise<WxResponse> {
    const url = requested.url[0] === '/' ? baseUrl + requested.url : requested.url
    // The token is for those who were named; a slip in a URL must not give it away.
    if (origins.indexOf(originOf(url)) < 0) return send(wx, { ...requested, url })
    const { token } = await login.session()
    const response = await sendWith(token)
    if (!needsLogin(response)) return response
    login.forget(token)
    // One more time and no more: whoever else has heard 401 shares the login.
    return sendWith((await login.session()).token)

    function sendWith(token: string): Promise<WxResponse> {
      const header = { ...requested.header, Authorization: `Bearer ${token}` }
      return send(wx, { ...requested, url, header })
    }
  }

  const call: Call = async (method, path, data) => {
    async function attempt(): Promise<unknown> {
      const response = await request({ url: path, method, ...(data && { data }) })
      if (response.statusCode >= 200 && response.statusCode < 300) return response.data
      throw failureOf(response)
    }
    try {
      return await attempt()
    } catch (error) {
      await waitToRetry(error)
      return attempt()
    }
  }

  return { request, call }
}

/** Scheme, host and port; a bare host means https. There is no URL class in a mini program. */
function originOf(url: string): string {
  const [origin] = /^[a-z]+:\/\/[^/?#]*/i.exec(url) || [`https://${url.split('/')[0]}`]
  return origin.toLowerCase()
}
