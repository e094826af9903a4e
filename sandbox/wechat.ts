/**
 * A fake WeChat for development and tests: the phone under /sandbox/, and the server API at WeChat's
 * own paths.
 *
 * It issues codes as wx.login does, signs and encrypts open data as the phone does, and responds to
 * backends as WeChat does: a code is good for one use within five minutes, JSON is sent as
 * text/plain with escaped slashes, and errors have HTTP status 200. All state is in memory.
 */

import { Hono } from 'hono'
import { createAccessTokens } from './access-tokens'
import { createApi } from './api'
import { createContentApi } from './content-api'
import { createFaults } from './faults'
import type { SandboxPay } from './pay'
import { createPhone } from './phone'
import { createUserFinder } from './phone-request'
import { createPushed, type Deliver } from './pushed'
import { refuse } from './responses'
import { createUsers } from './users'

export interface SandboxOptions {
  /** AppSecrets by AppID. The phone uses the first where a request names no appid. */
  readonly apps: Readonly<Record<string, string>>
  /** Unix time in whole seconds. */
  readonly now: () => number
  readonly deliver?: Deliver
  /** WeChat Pay, if the sandbox has it. */
  readonly pay?: SandboxPay
  /** More paths under /sandbox/: those that the watch page needs. */
  readonly pageApi?: Hono
}

/** Creates the fake as a fetch handler that counts the calls of backends. */
export function createSandbox({ apps, now, deliver, pay, pageApi }: SandboxOptions) {
  const users = createUsers({ now })
  const faults = createFaults()
  const tokens = createAccessTokens({ now })
  const findUser = createUserFinder({ apps, users })
  const calls: string[] = []
  const app = new Hono()

  app.use('*', async (c, next) => {
    const { path } = c.req
    if (path.startsWith('/sandbox')) return next()
    calls.push(path)
    // A POST that is sent in chunks instead of with a Content-Length.
    if (c.req.header('Transfer-Encoding')) return c.text('Precondition Failed', 412)
    const fault = faults.take(path)
    return fault ? fault() : next()
  })
  app.route('/', createApi({ apps, now, users, tokens }))
  app.route('/', createContentApi({ now, users, tokens }))
  if (pay) app.route('/', pay.api).route('/sandbox', pay.createControls(findUser))
  app.route('/sandbox', createPhone({ now, findUser, users, faults, tokens }))
  if (deliver) app.route('/sandbox', createPushed({ now, findUser, deliver }))
  if (pageApi) app.route('/sandbox', pageApi)

  app.notFound((c) => {
    if (!c.req.path.startsWith('/sandbox')) return refuse(40066, 'invalid url')
    const { origin } = new URL(c.req.url)
    const commands = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/sandbox/'))
      .map(
        ({ method, path }) => `  curl${method === 'GET' ? '' : ` -X ${method}`} ${origin}${path}`,
      )
    const list = [...new Set(commands)].join('\n')
    return c.text(`The sandbox has no such path. It has these:\n\n${list}\n`, 404)
  })

  return {
    fetch: async (request: Request) => app.fetch(request),
    /** The openid of the user with this name. */
    getOpenid: async (appid: string, name: string) => (await users.get(appid, name)).openid,
    /** The user with this openid, or `null`. */
    findUser: users.findByOpenid,
    /** How often backends called this path. */
    calls: (path: string) => calls.filter((called) => called === path).length,
  }
}
