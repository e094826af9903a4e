/** A login, by a code or by a new session_key: both answer with a new session. */

import { Hono } from 'hono/tiny'
import { chooseApp } from '../../mini-programs'
import type { Core } from '../../service'
import { bearerToken } from '../bearer'
import { readJsonBody } from '../body'
import { type AppEnv, authenticate, ipOf } from '../context'
import { countAgainst } from '../limits'
import { LoginBody } from '../schemas'
import { loginView } from '../views'

export function loginRoutes(core: Core): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()

  routes.post('/login', async (c) => {
    const { config } = c.var
    const { code, appid } = await readJsonBody(c.req.raw, LoginBody)
    await countAgainst(config.loginLimit, ipOf(c))
    const login = await core.login(config, {
      app: chooseApp(config, { appid, referer: c.req.header('Referer') }),
      code,
      token: bearerToken(c.req.header('Authorization')),
      userAgent: c.req.header('User-Agent') ?? null,
    })
    return c.json(loginView(login))
  })

  routes.post('/session/reset', authenticate(core), async (c) =>
    c.json(loginView(await core.resetSessionKey(c.var.config, c.var.session))),
  )

  return routes
}
