/** `/wechat/events`: message push, which WeChat calls. */

import { readText } from '../../../core/body'
import { withReason } from '../../../core/log'
import { textResponse } from '../../../core/responses'
import type { App } from '../context'
import { countAddress } from '../limits'

/** With several mini programs, the path names the appid; with one, either path will do. */
const PATHS = ['/wechat/events', '/wechat/events/:appid']

export function addPushRoutes(app: App): void {
  for (const path of PATHS) {
    app.use(path, async function logAnswer(c, next) {
      await next()
      const problem = c.get('problem')
      if (problem) c.set('problem', withReason(problem))
    })
    app.use(path, async function onlyWithPush(c, next) {
      const service = c.get('service')
      await service.requirePush(c.req.param('appid') ?? null, () => countAddress(c, service))
      await next()
    })
    app.get(path, async (c) => {
      const request = { appid: c.req.param('appid') ?? null, query: c.req.query() }
      return textResponse(c, await c.get('service').checkPushUrl(request))
    })
    app.post(path, async (c) => {
      const body = await readText(c.req.raw)
      const request = { appid: c.req.param('appid') ?? null, query: c.req.query(), body }
      return textResponse(c, await c.get('service').receivePush(request))
    })
  }
}
