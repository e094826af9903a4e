/** The HTTP door: JSON in, JSON or problem details out. Every rule is elsewhere. */

import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { routePath } from 'hono/route'
import { bearerToken, requireSession, type SessionVariables } from './bearer'
import { readJsonBody } from './body'
import { type Config, parseConfig } from './config'
import { type Deps, workerDeps } from './deps'
import { Problem, problemResponse } from './errors'
import { createLogin, type Login } from './login'
import { openEncryptedData, verifySignedData } from './open-data'
import { DecryptBody, LoginBody, VerifyBody } from './schemas'
import {
  endAllSessions,
  endSession,
  endSessionById,
  listSessions,
  type SessionSummary,
  sessionKeys,
} from './sessions'

interface AppEnv {
  Bindings: object
  Variables: { config: Config } & SessionVariables
}

/**
 * The whole API as a Hono app. Make it once and keep it: logins under way are shared within it.
 *
 * @param deps The outside world; the Workers runtime by default.
 */
export function createApp(deps: Deps = workerDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  const login = createLogin(deps)
  const authenticated = requireSession(deps)
  const configs = new WeakMap<object, Config>()

  app.use(async function noStore(c, next) {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.use(methodNotAllowed({ app, onMethodNotAllowed }))

  app.get('/health', (c) => c.json({ status: 'ok' }))

  app.use(async function settings(c, next) {
    const config = configs.get(c.env) ?? parseConfig(c.env)
    configs.set(c.env, config)
    c.set('config', config)
    await next()
  })

  app.post('/login', async (c) => {
    const { code } = await readJsonBody(c.req.raw, LoginBody)
    const token = bearerToken(c.req.header('Authorization'))
    const userAgent = c.req.header('User-Agent') ?? null
    const answer = login(c.var.config, { code, token, userAgent })
    // Others may be waiting for this exchange, and its code is spent: a phone that hangs up must
    // not take it down.
    c.executionCtx.waitUntil(answer.catch(() => undefined))
    return c.json(loginView(await answer))
  })

  app.get('/session', authenticated, (c) => {
    const { userId, appid, createdAt, expiresAt } = c.var.session
    return c.json({ userId, appid, createdAt: iso(createdAt), expiresAt: iso(expiresAt) })
  })

  app.delete('/session', authenticated, async (c) => {
    await endSession(c.var.config, c.var.session)
    return c.body(null, 204)
  })

  app.get('/sessions', authenticated, async (c) => {
    const { session, config } = c.var
    const listed = await listSessions(config, { userId: session.userId, now: deps.now() })
    // A list lags behind a login; the session that asks exists all the same.
    const all = listed.some(({ id }) => id === session.id) ? listed : [session, ...listed]
    return c.json({ sessions: all.map((summary) => sessionView(summary, session.id)) })
  })

  app.delete('/sessions', authenticated, async (c) => {
    const { userId, id } = c.var.session
    await endAllSessions(c.var.config, { userId, lastId: id })
    return c.body(null, 204)
  })

  app.delete('/sessions/:id', authenticated, async (c) => {
    const { userId } = c.var.session
    const ended = await endSessionById(c.var.config, {
      userId,
      id: c.req.param('id'),
      now: deps.now(),
    })
    if (!ended) throw new Problem('not_found', { detail: 'You have no session with this id.' })
    return c.body(null, 204)
  })

  app.post('/open-data/verify', authenticated, async (c) => {
    const body = await readJsonBody(c.req.raw, VerifyBody)
    const data = await verifySignedData(body, sessionKeys(c.var.session, deps.now()))
    return c.json({ data })
  })

  app.post('/open-data/decrypt', authenticated, async (c) => {
    const { signed, encrypted } = await readJsonBody(c.req.raw, DecryptBody)
    const { session, config } = c.var
    const now = deps.now()
    const keys = sessionKeys(session, now)
    if (signed) await verifySignedData(signed, keys)
    const { appid, openid } = session
    const expected = { keys, appid, openid, maxAge: config.openDataMaxAge, now }
    const { data, timestamp } = await openEncryptedData(encrypted, expected)
    return c.json({ data, timestamp: iso(timestamp) })
  })

  app.notFound(() => problemResponse(new Problem('not_found')))

  app.onError((error, c) => {
    const problem = error instanceof Problem ? error : unexpected(error)
    const { log, errcode } = problem.options
    deps.log({
      level: problem.row.status < 500 ? 'warn' : 'error',
      method: c.req.method,
      route: routePath(c, -1),
      status: problem.row.status,
      code: problem.code,
      errcode,
      ...log,
    })
    return problemResponse(problem)
  })

  return app
}

function onMethodNotAllowed(_: unknown, methods: readonly string[]): Response {
  const headers = { Allow: methods.join(', ') }
  return problemResponse(new Problem('method_not_allowed', { headers }))
}

/** Where it was thrown, without its message: that may quote what was being worked on. */
function unexpected(error: Error): Problem {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const reason = [error.name, ...frames.slice(0, 5).map((frame) => frame.trim())].join(' ')
  return new Problem('internal_error', { log: { reason } })
}

function loginView({ token, session }: Login) {
  const { userId, createdAt, expiresAt } = session
  const expiresIn = expiresAt - createdAt
  return { token, tokenType: 'Bearer', expiresIn, expiresAt: iso(expiresAt), userId }
}

function sessionView({ id, createdAt, expiresAt, userAgent }: SessionSummary, currentId: string) {
  const times = { createdAt: iso(createdAt), expiresAt: iso(expiresAt) }
  return { id, ...times, userAgent, current: id === currentId }
}

/** Unix seconds as ISO 8601 in UTC. */
function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
