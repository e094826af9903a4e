import { reset } from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import { ERRORS, type ErrorCode } from '../src/errors'
import { encryptOpenData } from '../src/sandbox/encrypt'
import { ERRCODES } from '../src/wechat/errcodes'
import { createWorld, type OpenData, type ProblemBody, SERVICE_KEY } from './support/app'

afterEach(() => reset())

const world = createWorld()

/** A login whose exchange gets this errcode, or this fault, as often as it asks. */
async function loginAgainst(failure: { errcode: number } | { fault: string }): Promise<Response> {
  const world = createWorld()
  await world.phone('fail', { ...failure, times: 3 })
  return world.send('POST', '/login', { body: { code: await world.wxLogin() } })
}

/** A decrypt request for data with something wrong in its plaintext. */
async function decryptOf(fields: object, watermark: object = {}): Promise<Response> {
  const session_key = 'HyVFkGl5F5OQWJZZaNzBBg=='
  const world = createWorld({ fetch: async () => Response.json({ openid: 'o1', session_key }) })
  const { token } = await world.login()
  const stamp = { appid: 'wx4f4bc4dec97d474b', timestamp: world.clock.now, ...watermark }
  const body = await encryptOpenData({ ...fields, watermark: stamp }, session_key)
  return world.send('POST', '/open-data/decrypt', { token, body })
}

/** A subscribe message to alice, with something else in it. */
async function messageTo(other: object, world = createWorld()): Promise<Response> {
  const openid = await world.sandbox.getOpenid('wx4f4bc4dec97d474b', 'alice')
  const data = { thing1: 'x', time2: '12:00' }
  const body = { openid, templateId: 'sandbox-template', data, ...other }
  return world.send('POST', '/subscribe-messages', { token: SERVICE_KEY, body })
}

async function messageAgainst(errcode: number): Promise<Response> {
  const world = createWorld()
  await world.phone('fail', { errcode, api: '/cgi-bin/message/subscribe/send' })
  return messageTo({}, world)
}

/** How to meet each code: a row of the table without an entry here does not compile. */
const PROVOKE: Record<ErrorCode, () => Promise<Response>> = {
  invalid_request: () => world.send('POST', '/login', { body: {} }),
  code_invalid: () => world.send('POST', '/login', { body: { code: 'from nowhere' } }),
  code_used: async () => {
    const body = { code: await world.wxLogin() }
    await world.send('POST', '/login', { body })
    return world.send('POST', '/login', { body })
  },
  user_blocked: () => loginAgainst({ errcode: 40226 }),
  rate_limited: () => loginAgainst({ errcode: 45011 }),
  wechat_quota: () => loginAgainst({ errcode: 45009 }),
  wechat_busy: () => loginAgainst({ errcode: -1 }),
  wechat_timeout: async () => {
    const world = createWorld({ deadline: 'before the answer' })
    await world.phone('fail', { fault: 'hang' })
    return world.send('POST', '/login', { body: { code: await world.wxLogin() } })
  },
  wechat_unavailable: () => loginAgainst({ fault: 'html' }),
  misconfigured: () => {
    const world = createWorld({ settings: { WECHAT_APPSECRET: undefined } })
    return world.send('POST', '/login', { body: { code: 'x' } })
  },
  session_required: () => world.send('GET', '/session'),
  session_invalid: () => world.send('GET', '/session', { token: 'guess' }),
  session_key_stale: async () => {
    const world = createWorld()
    const { token } = await world.login()
    await world.phone('rotate')
    const body = await world.phone<OpenData>('wx.getUserInfo')
    return world.send('POST', '/open-data/decrypt', { token, body })
  },
  watermark_mismatch: () => decryptOf({}, { appid: 'wx0000000000000000' }),
  watermark_expired: () => decryptOf({}, { timestamp: 0 }),
  openid_mismatch: () => decryptOf({ openId: 'o2' }),
  access_token_refused: async () => {
    const world = createWorld()
    await world.phone('fail', { errcode: 40014, api: '/cgi-bin/message/subscribe/send', times: 2 })
    return messageTo({}, world)
  },
  appid_required: () => {
    const world = createWorld({ settings: { WECHAT_APPS: '{"wx1":"s1","wx2":"s2"}' } })
    return world.send('POST', '/login', { body: { code: 'x' } })
  },
  appid_unknown: () => world.send('POST', '/login', { body: { code: 'x', appid: 'wx1' } }),
  service_key_required: () => world.send('POST', '/introspect'),
  service_key_invalid: () => world.send('POST', '/introspect', { token: 'k'.repeat(32) }),
  openid_invalid: () => messageTo({ openid: 'oNobody' }),
  template_invalid: () => messageTo({ templateId: 'another' }),
  page_invalid: () => messageAgainst(41030),
  message_refused: () => messageTo({}),
  message_banned: () => messageAgainst(43107),
  message_conflict: () => messageAgainst(43108),
  message_sensitive: () => messageAgainst(45168),
  message_data_invalid: () => messageTo({ data: { thing1: 'x' } }),
  event_refused: () => world.send('POST', '/wechat/events', { body: { Event: 'x' } }),
  store_unavailable: async () => {
    const world = createWorld()
    const { token } = await world.login()
    world.kv.down.add('get')
    return world.send('GET', '/session', { token })
  },
  not_found: () => world.send('GET', '/sesion'),
  method_not_allowed: () => world.send('PUT', '/session'),
  body_too_large: () => world.send('POST', '/login', { body: { code: 'x'.repeat(65_536) } }),
  unsupported_media_type: () =>
    world.request('/login', { method: 'POST', body: new URLSearchParams({ code: 'x' }) }),
  internal_error: () => {
    const broken = { getWithMetadata: () => Promise.resolve(undefined) }
    const world = createWorld({ settings: { SESSIONS: broken } })
    return world.send('GET', '/session', { token: `${'a'.repeat(43)}.${'a'.repeat(43)}` })
  },
}

describe('every row of the error table', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s is answered as the table says', async (code) => {
    const response = await PROVOKE[code]()
    const { status, title, action, ...row } = ERRORS[code]
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(response.headers.get('Retry-After')).toBe(
      'retryAfter' in row ? String(row.retryAfter) : null,
    )
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      type: `urn:code2session:error:${code}`,
      title,
      status,
      code,
      action,
      detail: expect.any(String),
    })
  })

  it('tells a client that may retry when, whenever the status is 429 or 503', () => {
    for (const row of Object.values(ERRORS)) {
      if (row.status === 429 || row.status === 503) expect(row).toHaveProperty('retryAfter')
    }
  })
})

describe("WeChat's errcodes", () => {
  it.each([61024, 43101, 47001, 87009, 40001])(
    '%i has no meaning on code2Session, so the login is wechat_unavailable',
    async (errcode) => {
      const response = await loginAgainst({ errcode })
      expect(response.status).toBe(502)
      expect(await response.json()).toMatchObject({ code: 'wechat_unavailable', errcode })
    },
  )

  it.each(ERRCODES.filter(({ calls }) => !calls))(
    '$errcode on code2Session is answered as $code, with the errcode',
    async ({ errcode, code }) => {
      const response = await loginAgainst({ errcode })
      expect(await response.json()).toMatchObject({ code, errcode, status: ERRORS[code].status })
    },
  )

  it.each(ERRCODES.filter(({ code }) => code === 'misconfigured'))(
    '$errcode is misconfigured, so its row has advice for the log',
    ({ advice }) => {
      expect(advice).toMatch(/.{20}/)
    },
  )

  it.each([...new Set(ERRCODES.map(({ errcode }) => errcode))])(
    "%i: WeChat's errmsg is never sent to the client",
    async (errcode) => {
      const world = createWorld()
      const errmsg = 'SENTINEL of WeChat, rid: 1-2-3'
      await world.phone('fail', { errcode, errmsg, times: 3 })
      const body = { code: await world.wxLogin() }
      const response = await world.send('POST', '/login', { body })
      expect(await response.text()).not.toMatch(/SENTINEL|rid/)
      expect(world.logs.join()).not.toContain('SENTINEL')
    },
  )

  it('40029: a code older than five minutes', async () => {
    const world = createWorld()
    const body = { code: await world.wxLogin() }
    world.clock.now += 301
    const problem = await (await world.send('POST', '/login', { body })).json<ProblemBody>()
    expect([problem.code, problem.errcode]).toEqual(['code_invalid', 40029])
  })

  it('40125: the AppSecret is wrong', async () => {
    const world = createWorld({ settings: { WECHAT_APPSECRET: 'not-the-one' } })
    const body = { code: await world.wxLogin() }
    const response = await world.send('POST', '/login', { body })
    const text = await response.text()
    expect([response.status, text.includes('WECHAT_')]).toEqual([500, false])
    expect(JSON.parse(world.logs[0] ?? '')).toMatchObject({
      errcode: 40125,
      rid: '65f2a1b0-1c2d3e4f-5a6b7c8d',
      settings: ['WECHAT_APPSECRET is not the secret of this appid'],
    })
  })
})

describe('an answer of WeChat that is none', () => {
  it.each([
    'html',
    'html_200',
    'empty',
    'array',
    'cut',
    'large',
    'redirect',
    'no_openid',
    'no_session_key',
    'short_session_key',
  ])('is wechat_unavailable: %s', async (fault) => {
    const response = await loginAgainst({ fault })
    expect(response.status).toBe(502)
    expect((await response.json<ProblemBody>()).code).toBe('wechat_unavailable')
  })

  it('is wechat_unavailable with a status of 5xx, once, whatever it says', async () => {
    let calls = 0
    const busy = async () => {
      calls++
      return Response.json({ errcode: -1 }, { status: 500 })
    }
    const world = createWorld({ fetch: busy })
    const response = await world.send('POST', '/login', { body: { code: 'x' } })
    expect([response.status, calls]).toEqual([502, 1])
  })

  it('is wechat_unavailable with an errcode that is no whole number', async () => {
    for (const errcode of ['1e999', '1.5', '"0"', 'true', '[]']) {
      const world = createWorld({ fetch: async () => new Response(`{"errcode":${errcode}}`) })
      const response = await world.send('POST', '/login', { body: { code: 'x' } })
      const problem = await response.json<ProblemBody>()
      expect([problem.code, problem.errcode]).toEqual(['wechat_unavailable', undefined])
    }
  })

  it('is wechat_unavailable when there is no connection at all', async () => {
    const world = createWorld({
      fetch: () => Promise.reject(new TypeError('connect ECONNREFUSED')),
    })
    const response = await world.send('POST', '/login', { body: { code: 'x' } })
    expect((await response.json<ProblemBody>()).code).toBe('wechat_unavailable')
  })

  it('is wechat_timeout when its body does not end in time', async () => {
    const world = createWorld({ deadline: 'within the body' })
    await world.phone('fail', { fault: 'drip' })
    const response = await world.send('POST', '/login', { body: { code: await world.wxLogin() } })
    expect(response.status).toBe(504)
  })
})
