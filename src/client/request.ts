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
  const origins = [baseUrl, ...hosts.map(hostUrl)].map(originOf)
  if (origins.indexOf(null) >= 0)
    throw new Error('baseUrl and hosts must be like https://a.example')

  const needsLogin = (response: WxResponse) =>
    response.statusCode === 401 || (loginWhen ? loginWhen(response) : false)

  async function request(requested: RequestOptions): Promise<WxResponse> {
    const asked = String(requested.url)
    const url = asked[0] === '/' ? baseUrl + asked : asked
    // The token is for those who were named; a slip in a URL must not give it away.
    const origin = originOf(url)
    if (origin === null || origins.indexOf(origin) < 0) return send(wx, { ...requested, url })
    const logouts = login.logouts()
    const { token } = await login.session()
    const response = await sendWith(token)
    if (!needsLogin(response) || login.logouts() !== logouts) return response
    login.forget(token)
    // One more time and no more: whoever else has heard 401 shares the login.
    return sendWith((await login.session()).token)

    function sendWith(token: string): Promise<WxResponse> {
      const header: Record<string, string> = { Authorization: `Bearer ${token}` }
      for (const [name, value] of Object.entries(requested.header || {})) {
        if (name.toLowerCase() !== 'authorization') header[name] = value
      }
      return send(wx, { ...requested, url, header })
    }
  }

  const call: Call = async (method, path, data) => {
    const ask = () => request({ url: path, method, ...(data && { data }) })
    let response = await ask()
    let failure = failureOf(response)
    if (failure) {
      await waitToRetry(failure)
      response = await ask()
      failure = failureOf(response)
    }
    if (failure) throw failure
    return response.data
  }

  return { request, call }
}

/** A host may be named without a scheme: then it is https. */
function hostUrl(host: string): string {
  const trimmed = host.trim()
  return trimmed.indexOf('://') < 0 ? `https://${trimmed}` : trimmed
}

/** Scheme, host and port; `null` for anything else. There is no URL class in a mini program. */
function originOf(url: string): string | null {
  const match = /^(https?):\/\/([^/?#]+)/i.exec(url)
  if (!match) return null
  const origin = match[0].toLowerCase()
  return origin.replace(origin[4] === 's' ? /:443$/ : /:80$/, '')
}
