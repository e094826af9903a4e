/**
 * A fake WeChat for local work and tests: the phone under /sandbox/, the server API where WeChat
 * has it.
 *
 * It hands out codes as wx.login would, signs and encrypts open data as the phone would, and answers
 * backends as WeChat does: codes are for one use within five minutes, JSON comes as text/plain with
 * escaped slashes, and errors have HTTP status 200. All state is in memory.
 */

import { Hono } from 'hono'
import { createAccessTokens } from './access-tokens'
import { createApi } from './api'
import { createFaults } from './faults'
import { createPhone } from './phone'
import { createUsers } from './users'

export interface SandboxOptions {
  /** AppSecrets by AppID; the first is the one a phone without an appid is in. */
  readonly apps: Readonly<Record<string, string>>
  /** Unix time in whole seconds. */
  readonly now: () => number
  /** Brings a pushed event to the backend, and back its answer. */
  readonly deliver?: (appid: string, event: object) => Promise<Response>
}

export type Sandbox = ReturnType<typeof createSandbox>

/** The fake as a fetch handler, with a record of the paths that backends called. */
export function createSandbox({ apps, now, deliver }: SandboxOptions) {
  const users = createUsers({ now })
  const faults = createFaults()
  const tokens = createAccessTokens({ now })
  const calls: string[] = []
  const app = new Hono()

  app.use('*', async (c, next) => {
    const { path } = c.req
    if (path.startsWith('/sandbox')) return next()
    calls.push(path)
    const fault = faults.next(path)
    return fault ? fault() : next()
  })
  app.route('/', createApi({ apps, now, users, tokens }))
  app.route('/sandbox', createPhone({ apps, now, users, faults, tokens, deliver }))

  app.notFound((c) => {
    const presses = app.routes.filter(
      ({ method, path }) => method === 'POST' && path.startsWith('/sandbox'),
    )
    const list = presses.map(({ path }) => `  curl -X POST ${new URL(c.req.url).origin}${path}`)
    return c.text(`The sandbox plays WeChat and the phone:\n\n${list.join('\n')}\n`, 404)
  })

  return {
    fetch: async (request: Request) => app.fetch(request),
    /** The openid of a user by name. */
    openidOf: async (appid: string, name: string) => (await users.named(appid, name)).openid,
    /** How often backends called this path. */
    calls: (path: string) => calls.filter((called) => called === path).length,
  }
}
