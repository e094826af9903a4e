/** `POST /login`: a code of `wx.login` for a session. */

import { readJsonBody } from '../../../core/body'
import { parseBearerToken } from '../../../core/credentials'
import { jsonResponse } from '../../../core/responses'
import { LoginBody } from '../bodies'
import type { App } from '../context'
import { countAddress } from '../limits'
import { toLoginView } from '../views'

/** WeChat sets this Referer on every `wx.request`, and a mini program cannot change it. */
const REFERER = /^https:\/\/servicewechat\.com\/([^/]+)/

export function addLoginRoutes(app: App): void {
  app.post('/login', async (c) => {
    const service = c.get('service')
    const { code, appid } = await readJsonBody(c.req.raw, LoginBody)
    await countAddress(c, service)
    const login = await service.login({
      appid: appid ?? findRefererAppid(c.req.header('Referer')),
      code,
      token: parseBearerToken(c.req.header('Authorization')),
      userAgent: c.req.header('User-Agent') ?? null,
    })
    return jsonResponse(c, toLoginView(login))
  })
}

/**
 * curl can forge a Referer, but it only chooses which mini program's code2Session is asked, and a
 * code is valid in its own mini program only.
 */
function findRefererAppid(referer: string | undefined): string | null {
  return REFERER.exec(referer ?? '')?.[1] ?? null
}
