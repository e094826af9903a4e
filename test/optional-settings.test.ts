import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { pushRequest } from '../sandbox/push'
import { APPID, NO_KEYS, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()

async function toCode(response: Response): Promise<number | string> {
  return response.ok ? response.status : (await response.json<ProblemBody>()).code
}

const logIn = async () =>
  toCode(await app.send('POST', '/login', { body: { code: await app.wxLogin() } }))

const introspect = async () =>
  toCode(
    await app.request('/introspect', {
      method: 'POST',
      headers: { Authorization: `Bearer ${SERVICE_KEY}` },
      body: new URLSearchParams({ token: 'x' }),
    }),
  )

async function push(encodingAESKey: string | null = env.WECHAT_PUSH_AES_KEY) {
  const options = { appid: APPID, token: env.WECHAT_PUSH_TOKEN, timestamp: app.clock.now }
  const url = 'https://login.example/wechat/events'
  const message = { MsgType: 'event', Event: 'wxa_media_check' }
  return toCode(await app.receive(await pushRequest(url, message, { ...options, encodingAESKey })))
}

const named = (name: string) => [expect.stringMatching(new RegExp(`^${name} must be`))]

const discover = async () => toCode(await app.request('/.well-known/oauth-authorization-server'))

describe('an optional setting that is wrong', () => {
  it.each<[string, unknown, { push?: string; introspect?: string; discover?: string }]>([
    ['WECHAT_PUSH_TOKEN', 'A', { push: 'misconfigured' }],
    ['WECHAT_PUSH_AES_KEY', 'A'.repeat(42), { push: 'misconfigured' }],
    ['EVENTS', 'code2session-events', { push: 'misconfigured' }],
    ['SERVICE_KEYS', 'short', { introspect: 'misconfigured' }],
    ['GATEWAY_KEYS', 'short', {}],
    ['ISSUER', 'http://login.example', { discover: 'misconfigured' }],
    ['ANALYTICS', 'code2session', {}],
    ['LOGIN_LIMIT', '1000', {}],
    ['USER_LIMIT', '120', {}],
    ['CLIENT_IP_HEADER', 'X Client', {}],
  ])(
    '%s that is %o turns off what it is for, and the log says so once',
    async (name, value, off) => {
      app.replace({ settings: { [name]: value } })
      expect([await logIn(), await push(), await introspect(), await discover()]).toEqual([
        200,
        off.push ?? 200,
        off.introspect ?? 200,
        off.discover ?? 200,
      ])
      const lines = app.warnings.map((line) => JSON.parse(line))
      expect(lines[0]).toEqual({ level: 'error', code: 'misconfigured', settings: named(name) })
      const failures = Object.keys(off).map(() => ({
        code: 'misconfigured',
        settings: named(name),
      }))
      expect(lines.slice(1)).toMatchObject(failures)
      expect(lines).toHaveLength(1 + failures.length)
    },
  )

  it('With a wrong WECHAT_PUSH_AES_KEY no push is taken in plain mode, and no URL check passes', async () => {
    app.replace({ settings: { WECHAT_PUSH_AES_KEY: 'short' } })
    expect(await push(null)).toBe('misconfigured')
    expect(await toCode(await app.request('/wechat/events?echostr=1'))).toBe('misconfigured')
  })

  it('With a wrong SERVICE_KEYS every endpoint for backends is misconfigured', async () => {
    app.replace({ settings: { SERVICE_KEYS: 'short' } })
    const paths = ['/revoke', '/session-key/sign', '/subscribe-messages', '/wechat/api/wxa/x']
    for (const path of [...paths, `/users/${'a'.repeat(43)}/sessions`]) {
      expect(await toCode(await app.request(path, { method: 'POST' }))).toBe('misconfigured')
    }
  })

  it('With a wrong CLIENT_IP_HEADER logins are not counted, and other requests of users are', async () => {
    const keys: string[] = []
    const limit = async ({ key }: { key: string }) => ({ success: keys.push(key) > 0 })
    app.replace({
      settings: { CLIENT_IP_HEADER: 'X Client', LOGIN_LIMIT: { limit }, USER_LIMIT: { limit } },
    })
    const headers = { 'Content-Type': 'application/json', 'CF-Connecting-IP': '203.0.113.7' }
    const body = JSON.stringify({ code: await app.wxLogin() })
    const response = await app.request('/login', { method: 'POST', headers, body })
    const { token, userId } = await response.json<{ token: string; userId: string }>()
    await app.send('GET', '/sessions', { token })
    expect(keys).toEqual([userId])
  })

  it.each([
    ['HOOKS', 'my-hooks'],
    ['SESSION_TTL', 'week'],
    ['OPEN_DATA_MAX_AGE', '0'],
    ['WECHAT_API_BASE', 'http://api.weixin.qq.com'],
    ['SESSIONS', 'my-kv'],
    ['WECHAT_APPID', 'gh_1'],
    ['WECHAT_APPSECRET', 'a b'],
    ['WECHAT_APPS', '{}'],
  ])(
    'A wrong %s stops every login, and the log names it and what else is wrong',
    async (name, value) => {
      app.replace({ settings: { [name]: value, ...NO_KEYS, SERVICE_KEYS: 'short' } })
      expect([await logIn(), await push()]).toEqual(['misconfigured', 'misconfigured'])
      for (const line of app.warnings) {
        const { settings } = JSON.parse(line)
        expect(settings).toEqual([...named(name), ...named('SERVICE_KEYS')])
      }
    },
  )
})

describe('the EncodingAESKey', () => {
  it('An "=" after WECHAT_PUSH_AES_KEY, which makes it base64, changes nothing', async () => {
    app.replace({ settings: { WECHAT_PUSH_AES_KEY: `${env.WECHAT_PUSH_AES_KEY}=` } })
    expect([await logIn(), await push(), await push(null)]).toEqual([200, 200, 'event_refused'])
  })
})
