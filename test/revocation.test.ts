import { beforeEach, describe, expect, it } from 'vitest'
import { type LoginAnswer, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()
const BEARER = { Authorization: `Bearer ${SERVICE_KEY}` }
const BASIC = { Authorization: `Basic ${btoa(`any:${SERVICE_KEY}`)}` }
let login: LoginAnswer

beforeEach(async () => {
  login = await app.login()
})

function revoke(
  body: BodyInit = new URLSearchParams({ token: login.token }),
  headers: Record<string, string> = BEARER,
): Promise<Response> {
  return app.request('/revoke', { method: 'POST', body, headers })
}

const revokeUser = (userId: string, headers: Record<string, string> = BEARER) =>
  app.request(`/users/${userId}/sessions`, { method: 'DELETE', headers })

const isAlive = async (token = login.token) =>
  (await app.send('GET', '/session', { token })).status === 200

describe('POST /revoke', () => {
  it.each([
    ['Bearer', BEARER],
    ['HTTP Basic', BASIC],
  ])('POST /revoke ends a session, with the service key sent as %s', async (_, headers) => {
    const other = await app.login()
    const response = await revoke(undefined, headers)
    expect([response.status, response.headers.get('Content-Type')]).toEqual([
      200,
      'application/json',
    ])
    expect(await response.text()).toBe('{}')
    expect([await isAlive(), await isAlive(other.token)]).toEqual([false, true])
  })

  it('POST /revoke answers 200 for a token that has no session', async () => {
    await revoke()
    const { userId } = login
    for (const token of [login.token, 'nonsense', '中', `${userId}.${'a'.repeat(64)}`]) {
      expect((await revoke(new URLSearchParams({ token }))).status).toBe(200)
    }
  })

  it('POST /revoke takes the token_type_hint of OAuth client libraries', async () => {
    const hint = { token: login.token, token_type_hint: 'access_token' }
    expect((await revoke(new URLSearchParams(hint))).status).toBe(200)
    expect(await isAlive()).toBe(false)
  })

  it('POST /revoke answers 503 if KV fails, and does not call the token revoked', async () => {
    for (const operation of ['get', 'delete'] as const) {
      app.kv.failOnce(operation)
      expect((await revoke()).status).toBe(503)
    }
    expect(await isAlive()).toBe(true)
  })
})

describe('DELETE /users/:userId/sessions', () => {
  it("DELETE /users/:userId/sessions ends all of a user's sessions and none of another user", async () => {
    const tokens = [login.token, (await app.login()).token]
    const bob = await app.login({ user: 'bob' })
    const response = await revokeUser(login.userId)
    expect([response.status, await response.text()]).toEqual([204, ''])
    for (const token of tokens) expect(await isAlive(token)).toBe(false)
    expect(await isAlive(bob.token)).toBe(true)
    expect((await revokeUser(login.userId)).status).toBe(204)
  })

  it('DELETE /users/:userId/sessions refuses a malformed id with 400', async () => {
    for (const id of ['x', `${login.userId}x`, `${login.userId.slice(1)}:`, '%20'.repeat(43)]) {
      const response = await revokeUser(id)
      const { code, errors } = await response.json<ProblemBody>()
      expect([response.status, code, errors?.[0]?.path]).toEqual([400, 'invalid_request', 'userId'])
    }
    expect(await isAlive()).toBe(true)
  })
})

describe('who may revoke', () => {
  it('Revocation needs a service key, and a token of a session is none', async () => {
    const token = { Authorization: `Bearer ${login.token}` }
    for (const send of [
      (headers: Record<string, string>) => revoke(undefined, headers),
      (headers: Record<string, string>) => revokeUser(login.userId, headers),
    ]) {
      const without = await (await send({})).json<ProblemBody>()
      const wrong = await (await send(token)).json<ProblemBody>()
      expect([without.code, wrong.code]).toEqual(['service_key_required', 'service_key_invalid'])
    }
    expect((await revokeUser(login.userId, BASIC)).status).toBe(401)
    expect(await isAlive()).toBe(true)
  })

  it('The endpoints of revocation do not exist if SERVICE_KEYS is not set', async () => {
    app.replace({ settings: { SERVICE_KEYS: undefined } })
    expect([(await revoke()).status, (await revokeUser(login.userId)).status]).toEqual([404, 404])
    expect((await app.send('PUT', '/revoke')).status).toBe(404)
  })
})
