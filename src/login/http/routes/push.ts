/** `/wechat/events`: message push, which WeChat calls. */

import { readText } from '../../../core/body'
import { withReason } from '../../../core/log'
import { textResponse } from '../../../core/responses'
import { requirePush } from '../../config'
import { type App, onlyWith } from '../context'

/** With several mini programs, the path names the appid; with one, either path will do. */
const PATHS = ['/wechat/events', '/wechat/events/:appid']

export function addPushRoutes(app: App): void {
  for (const path of PATHS) {
    app.use(path, async function logAnswer(c, next) {
      await next()
      if (c.var.problem) c.set('problem', withReason(c.var.problem))
    })
    app.use(path, onlyWith(requirePush))
    app.get(path, async (c) => {
      const request = { appid: c.req.param('appid') ?? null, query: c.req.query() }
      return textResponse(c, await c.var.service.checkPushUrl(request))
    })
    app.post(path, async (c) => {
      const body = await readText(c.req.raw)
      const request = { appid: c.req.param('appid') ?? null, query: c.req.query(), body }
      return textResponse(c, await c.var.service.receivePush(request))
    })
  }
}
