/** examples/hono-app: the login inside a developer's own Hono app. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../support/built-worker'
import { type Environment, send, startEnvironment } from '../support/environment'

let environment: Environment
let app: URL
let findLog: (pattern: RegExp) => Promise<string>

beforeAll(async () => {
  environment = await startEnvironment()
  const built = await build({ config: 'examples/hono-app/wrangler.toml', main: 'index' })
  const served = await environment.serve(built)
  app = served.url
  findLog = served.findLog
})
afterAll(() => environment.close())

/** The tables of wrangler.toml under [observability], without their comments. */
function readObservability(path: string): string {
  const [, ...tables] = readFileSync(path, 'utf8').split(/^(?=\[)/m)
  const found = tables.filter((table) => table.startsWith('[observability'))
  return found.join('').replace(/^#.*\n|^\n/gm, '')
}

describe('examples/hono-app', () => {
  it('the settings of the app keep the AppSecret out of logs and traces, as those of the Worker do', () => {
    const [worker, app] = ['wrangler.toml', 'examples/hono-app/wrangler.toml'].map(
      readObservability,
    )
    expect(app).toBe(worker)
    expect(app).toMatch(/^\[observability\]\nenabled = true\nredact_query_string = true$/m)
    expect(app).toMatch(/^\[observability\.traces\]\nenabled = false$/m)
  })

  it('the app serves the login under /auth, and its own route has the session', async () => {
    const token = await environment.logIn(app, 'alice', '/auth/login')
    const { status, answer } = await send(app, 'GET', '/me', { token })
    expect([status, answer]).toEqual([200, { you: token.slice(0, 43) }])
  })

  it('a route of the app answers 401 problem details without a valid session', async () => {
    const withoutToken = await send(app, 'GET', '/me')
    expect(withoutToken).toMatchObject({ status: 401, answer: { code: 'session_required' } })
    const { status, headers, answer } = await send(app, 'GET', '/me', { token: 'nonsense' })
    expect([status, headers.get('Content-Type')]).toEqual([401, 'application/problem+json'])
    expect(headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="code2session", error="invalid_token"',
    )
    expect(answer).toMatchObject({ code: 'session_invalid' })
  })

  it('a refused request to a route of the app is logged with that route and its code', async () => {
    await send(app, 'GET', '/me', { token: 'nonsense' })
    const line = await findLog(/"route":"\/me".*"code":"session_invalid"/)
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      method: 'GET',
      route: '/me',
      status: 401,
      ms: expect.any(Number),
      code: 'session_invalid',
    })
  })

  it('wrong methods and invalid bodies below /auth get the same problem details', async () => {
    const { status, headers } = await send(app, 'GET', '/auth/login')
    expect([status, headers.get('Allow')]).toEqual([405, 'POST'])
    await findLog(/"method":"GET","route":"\/auth\/login","status":405/)
    const { answer } = await send(app, 'POST', '/auth/login', { body: {} })
    expect(answer).toMatchObject({ code: 'invalid_request' })
  })
})
