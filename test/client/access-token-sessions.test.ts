import { describe, expect, it } from 'vitest'
import { API, ENDPOINT, useJwtPhone } from '../support/jwt-phone'

const REFUSED = { code: 'session_invalid', action: 'login_again' }
const app = useJwtPhone()
const { answer, atApi, fetches, getMe, getMeOften, holdAnswer, refuse } = app

describe('the session of a JWT access token', () => {
  it('50 requests after the end of the session share one login and one JWT access token', async () => {
    await app.client.login()
    await app.phone.endStoredSession()
    await getMeOften()
    expect(atApi()).toEqual(Array(50).fill('jwt-1'))
    expect([fetches(), app.phone.logins]).toEqual([2, 2])
  })

  it('If the server refuses the session of a new login as well, requests to hosts reject with session_invalid', async () => {
    answer(ENDPOINT, 401, REFUSED)
    await expect(getMe()).rejects.toMatchObject({ ...REFUSED, statusCode: 401 })
    expect([atApi(), fetches(), app.phone.logins]).toEqual([[], 2, 2])
  })

  it('After a login as somebody else, the JWT access token of the old user is not sent', async () => {
    await getMe()
    app.phone.user = 'bob'
    await app.client.login()
    await getMe()
    expect(atApi()).toEqual(['jwt-1', 'jwt-2'])
  })

  it('A JWT access token that comes after a login as somebody else is not sent', async () => {
    await app.client.login()
    const ofAlice = holdAnswer(ENDPOINT)
    const early = getMe()
    await ofAlice.arrived
    app.phone.user = 'bob'
    await app.client.login()
    const ofBob = holdAnswer(ENDPOINT)
    const own = getMe()
    await ofBob.arrived
    ofAlice.release()
    // Until the early request waits for the second one as well.
    await new Promise((resolve) => setTimeout(resolve))
    ofBob.release()
    await Promise.all([early, own])
    expect([atApi(), fetches(), app.phone.logins]).toEqual([['jwt-2', 'jwt-2'], 2, 2])
  })

  it('logout() forgets the JWT access token', async () => {
    await getMe()
    await app.client.logout()
    await getMe({ login: false })
    await getMe()
    expect(atApi()).toEqual(['jwt-1', undefined, 'jwt-2'])
  })

  it.each([true, false])(
    'A JWT access token that comes after logout() is not sent, and nobody logs in: login %s',
    async (login) => {
      await app.client.login()
      const { arrived, release } = holdAnswer(ENDPOINT)
      const early = getMe({ login }).catch(({ code, action }) => ({ code, action }))
      await arrived
      await app.client.logout()
      release()
      expect(await early).toMatchObject(login ? REFUSED : { statusCode: 200 })
      expect([atApi(), app.phone.logins]).toEqual([login ? [] : [undefined], 1])
      await getMe()
      expect([atApi().at(-1), app.phone.logins]).toEqual(['jwt-2', 2])
    },
  )

  it('A refusal after logout() is the answer, and nobody logs in', async () => {
    refuse('jwt-1')
    const { arrived, release } = holdAnswer(`${API}/me`)
    const early = getMe()
    await arrived
    await app.client.logout()
    release()
    expect((await early).statusCode).toBe(401)
    expect([fetches(), app.phone.logins]).toEqual([1, 1])
  })
})

describe('request({ login: false }) with JWT access tokens', () => {
  const getPublic = () => getMe({ login: false })

  it('request({ login: false }) sends no JWT access token without a session', async () => {
    await getPublic()
    expect([atApi(), fetches(), app.phone.logins]).toEqual([[undefined], 0, 0])
  })

  it('request({ login: false }) sends the JWT access token of a session, and another one after a refusal', async () => {
    refuse('jwt-1')
    await app.client.login()
    expect((await getPublic()).statusCode).toBe(200)
    expect([atApi(), app.phone.logins]).toEqual([['jwt-1', 'jwt-2'], 1])
  })

  it('request({ login: false }) sends no JWT access token after the end of the session', async () => {
    await app.client.login()
    await app.phone.endStoredSession()
    expect((await getPublic()).statusCode).toBe(200)
    expect([atApi(), app.phone.logins]).toEqual([[undefined], 1])
  })

  it('For request({ login: false }) a refusal after the end of the session is the answer', async () => {
    refuse('jwt-1')
    await app.client.accessToken()
    await app.phone.endStoredSession()
    expect((await getPublic()).statusCode).toBe(401)
    expect([atApi(), app.phone.logins]).toEqual([['jwt-1'], 1])
  })
})
