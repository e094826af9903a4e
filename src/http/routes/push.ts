/** WeChat's own door: message push. */

import { Hono } from 'hono/tiny'
import { Problem } from '../../problem'
import { answerUrlCheck, receiveEvent } from '../../push-events'
import type { Core } from '../../service'
import { readText } from '../body'
import type { AppEnv } from '../context'

/** With the appid where there are several mini programs; with one, either will do. */
const PATHS = ['/wechat/events', '/wechat/events/:appid']

export function eventRoutes({ deps }: Core): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()

  for (const path of PATHS) {
    // Without a token the path is not there, whatever the method.
    routes.use(path, async function onlyWithToken(c, next) {
      if (!c.var.config.push) throw new Problem('not_found')
      await next()
    })
    routes.get(path, async (c) => {
      const push = { appid: c.req.param('appid'), query: c.req.query() }
      return c.text(await answerUrlCheck(c.var.config, push))
    })
    routes.post(path, async (c) => {
      const body = await readText(c.req.raw)
      const push = { appid: c.req.param('appid'), query: c.req.query(), body }
      await receiveEvent(deps, c.var.config, push)
      return c.text('success')
    })
  }

  return routes
}
