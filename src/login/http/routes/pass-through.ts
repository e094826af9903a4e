/** `/wechat/api/*`: for backends, any call to WeChat's server API. */

import type { Context } from 'hono'
import type { App } from '../context'
import { forBackends, onlyWithServiceKeys } from '../service-key'

/** The routes of the pass-through: any path below is theirs. */
export const PASS_THROUGH = '/wechat/api/*'

export function addPassThroughRoutes(app: App): void {
  app.use(PASS_THROUGH, onlyWithServiceKeys)
  app.all(PASS_THROUGH, forBackends, async (c) => {
    const { search, searchParams } = new URL(c.req.url)
    return c.get('service').passThrough({
      appid: searchParams.get('appid'),
      method: c.req.method,
      path: findWeChatPath(c),
      query: withoutAppid(search.slice(1)),
      contentType: c.req.header('Content-Type') ?? null,
      accept: c.req.header('Accept') ?? null,
      body: findBody(c.req.raw),
    })
  })
}

/** What follows the route's prefix, not decoded, wherever the app is mounted. */
function findWeChatPath(c: Context): string {
  const { pathname } = new URL(c.req.url)
  const prefix = PASS_THROUGH.slice(0, -'/*'.length)
  return pathname.slice(pathname.indexOf(`${prefix}/`) + prefix.length)
}

function findBody({ body, headers }: Request) {
  const declared = headers.get('Content-Length')
  return body && { stream: body, length: declared === null ? null : Number(declared) }
}

/** The query as it was sent, but for `appid`, which is ours. */
function withoutAppid(query: string): string {
  const parts = query.split('&').filter((part) => !new URLSearchParams(part).has('appid'))
  return parts.join('&')
}
