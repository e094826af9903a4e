import { describe, expect, it, vi } from 'vitest'
import { createClient } from '../../src/client'
import { API, ENDPOINT, NOW, useJwtPhone } from '../support/jwt-phone'
import { BASE_URL } from '../support/phone'

const app = useJwtPhone()
const {
  answer,
  atApi,
  fetches,
  getMe,
  getMeOften,
  holdAnswer,
  nameTokens,
  names,
  refuse,
  tokensAt,
} = app

describe('where a JWT access token goes', () => {
  it('hosts get the JWT access token, the server gets the token of the session, and others get none', async () => {
    const { token } = await app.client.login()
    const urls = [`${API}/me`, '/session', `${BASE_URL}/mine`, 'https://other.example/me']
    for (const url of urls) await app.client.request({ url })
    expect(atApi()).toEqual(['jwt-1'])
    expect(tokensAt(`${BASE_URL}/session`)).toEqual([token])
    expect(tokensAt(`${BASE_URL}/mine`)).toEqual([token])
    expect(tokensAt('https://other.example/me')).toEqual([undefined])
    const [accessToken] = names.keys()
    expect(JSON.stringify([...app.phone.storage])).not.toContain(accessToken)
  })

  it('A host of the origin of the server gets the token of the session', async () => {
    const hosts = [`${BASE_URL}:443`]
    app.client = createClient({
      baseUrl: `${BASE_URL}/auth`,
      wx: app.phone.wx,
      hosts,
      accessTokens: true,
    })
    answer(`${BASE_URL}/auth/login`, 200, { token: 'opaque', userId: 'alice', expiresIn: 3600 })
    await app.client.request({ url: `${BASE_URL}/me` })
    expect(tokensAt(`${BASE_URL}/me`)).toEqual(['opaque'])
  })

  it('A request with a JWT access token, and the one for it, follow no redirect', async () => {
    await getMe()
    expect(app.phone.requests.map(({ redirect }) => redirect)).toEqual(Array(3).fill('manual'))
    answer(ENDPOINT, 302)
    await app.client.login()
    await expect(getMe()).rejects.toMatchObject({ code: 'answer_invalid', statusCode: 302 })
  })

  it('With Cloud Hosting the JWT access token comes over callContainer, and goes to hosts over wx.request', async () => {
    const cloud = { env: 'prod-0a1b2c3d', service: 'code2session' }
    app.client = createClient({ cloud, wx: app.phone.wx, hosts: [API], accessTokens: true })
    await getMe()
    expect(app.phone.containerCalls).toMatchObject([
      { path: '/login' },
      { path: '/session/access-token', method: 'POST' },
    ])
    expect(app.phone.requests.map(({ url }) => url)).toEqual([`${API}/me`])
    expect(atApi()).toEqual(['jwt-1'])
  })

  it('accessToken() gives the one that hosts get, and logs in for it', async () => {
    expect([await app.client.accessToken()]).toEqual([...names.keys()])
    await getMe()
    expect([atApi(), fetches(), app.phone.logins]).toEqual([['jwt-1'], 1, 1])
  })
})

describe('when a JWT access token is fetched', () => {
  it('50 requests at a cold start share one login and one JWT access token', async () => {
    await getMeOften()
    expect(atApi()).toEqual(Array(50).fill('jwt-1'))
    expect([fetches(), app.phone.logins]).toEqual([1, 1])
  })

  it.each([
    [300, 270],
    [60, 30],
    [40, 20],
  ])(
    'A JWT access token of %i seconds is used for %i, and then renewed',
    async (expiresIn, seconds) => {
      nameTokens(expiresIn)
      await app.client.login()
      const { arrived, release } = holdAnswer(ENDPOINT)
      const first = getMe()
      await arrived
      vi.setSystemTime(NOW + 60_000)
      release()
      await first
      vi.setSystemTime(NOW + 60_000 + seconds * 1000 - 1)
      await getMe()
      vi.setSystemTime(NOW + 60_000 + seconds * 1000)
      await getMe()
      expect(atApi()).toEqual(['jwt-1', 'jwt-1', 'jwt-2'])
    },
  )

  it.each([
    [404, { code: 'not_found', action: 'stop' }],
    [503, { code: 'store_unavailable', action: 'retry_later' }],
  ])(
    'If the server answers %i for a JWT access token, requests reject with that, and the next one asks again',
    async (statusCode, problem) => {
      answer(ENDPOINT, statusCode, problem)
      await expect(getMe()).rejects.toMatchObject({ ...problem, statusCode })
      await expect(app.client.accessToken()).rejects.toMatchObject(problem)
      expect([atApi(), fetches(), app.phone.logins]).toEqual([[], 2, 1])
      nameTokens()
      await getMe()
      expect(atApi()).toEqual(['jwt-1'])
    },
  )

  it('Requests to hosts reject with network_error if the server is out of reach', async () => {
    await app.client.login()
    app.phone.failing.set('request', { errMsg: 'request:fail timeout' })
    await expect(getMe()).rejects.toMatchObject({ code: 'network_error' })
    app.phone.failing.clear()
    expect((await getMe()).statusCode).toBe(200)
  })

  it('An answer without a JWT access token is answer_invalid', async () => {
    answer(ENDPOINT, 200, { token: 'jwt' })
    await expect(getMe()).rejects.toMatchObject({ code: 'answer_invalid', statusCode: 200 })
  })
})

describe('a JWT access token that a host refuses', () => {
  it('50 refused requests share one new JWT access token, and are repeated once', async () => {
    refuse('jwt-1')
    const answers = await getMeOften()
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(50).fill(200))
    expect(atApi().sort()).toEqual([...Array(50).fill('jwt-1'), ...Array(50).fill('jwt-2')])
    expect([fetches(), app.phone.logins]).toEqual([2, 1])
  })

  it('A second 401 of a host is the answer', async () => {
    refuse('jwt-1', 'jwt-2')
    expect((await getMe()).statusCode).toBe(401)
    expect([atApi(), app.phone.logins]).toEqual([['jwt-1', 'jwt-2'], 1])
  })

  it('A late 401 for an old JWT access token repeats the request with the newer one', async () => {
    refuse('jwt-1')
    const { arrived, release } = holdAnswer(`${API}/me`)
    const late = getMe()
    await arrived
    await getMe()
    release()
    expect((await late).statusCode).toBe(200)
    expect([atApi(), fetches()]).toEqual([['jwt-1', 'jwt-1', 'jwt-2', 'jwt-2'], 2])
  })

  it('loginWhen tells a refusal of a JWT access token with status 200', async () => {
    const loginWhen = ({ data }: { data: unknown }) => Object(data).errno === 401
    const options = { hosts: [API], accessTokens: true, loginWhen }
    app.client = createClient({ baseUrl: BASE_URL, wx: app.phone.wx, ...options })
    const answers = [{ errno: 401 }, { name: 'Alice' }]
    app.phone.answers.set(`${API}/me`, () => ({
      statusCode: 200,
      data: answers.shift(),
      header: {},
    }))
    expect((await getMe()).data).toEqual({ name: 'Alice' })
    expect([atApi(), app.phone.logins]).toEqual([['jwt-1', 'jwt-2'], 1])
  })

  it('If there is no new JWT access token after a refusal, the request rejects with the reason', async () => {
    refuse('jwt-1')
    await app.client.accessToken()
    answer(ENDPOINT, 503, { code: 'store_unavailable', action: 'retry_later' })
    await expect(getMe()).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
