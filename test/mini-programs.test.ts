import { describe, expect, it } from 'vitest'
import {
  APPID,
  APPSECRET,
  type LoginAnswer,
  type ProblemBody,
  SERVICE_KEY,
  useTestApp,
} from './support/app'

const WX2 = 'wx2222222222222222'
const SECRET2 = 'the-second-appsecret'
const SEVERAL = { WECHAT_APPS: JSON.stringify({ [APPID]: APPSECRET, [WX2]: SECRET2 }) }

const app = useTestApp({ apps: { [WX2]: SECRET2 }, settings: SEVERAL })

/** Posts a login from the page with this URL. */
async function loginFrom(referer: string | null, options: { code: string; appid?: unknown }) {
  const headers = { 'Content-Type': 'application/json', ...(referer && { Referer: referer }) }
  return app.request('/login', { method: 'POST', headers, body: JSON.stringify(options) })
}

const page = (appid: string, version = '12') =>
  `https://servicewechat.com/${appid}/${version}/page-frame.html`

async function fetchAppid(response: Response): Promise<unknown> {
  const { token } = await response.json<LoginAnswer>()
  const session = await app.send('GET', '/session', { token })
  return (await session.json<{ appid: string }>()).appid
}

async function toStatusAndCode(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json<ProblemBody>()).code]
}

describe('a login among several mini programs', () => {
  it('A login is for the appid in its body', async () => {
    const code = await app.wxLogin({ appid: WX2 })
    expect(await fetchAppid(await loginFrom(null, { code, appid: WX2 }))).toBe(WX2)
  })

  it.each(['0', 'devtools', '12'])(
    'A login is for the appid in its Referer with version %s',
    async (version) => {
      const code = await app.wxLogin({ appid: WX2 })
      expect(await fetchAppid(await loginFrom(page(WX2, version), { code }))).toBe(WX2)
    },
  )

  it('The appid in the body of a login takes precedence over the one in the Referer', async () => {
    const code = await app.wxLogin({ appid: WX2 })
    expect(await fetchAppid(await loginFrom(page(APPID), { code, appid: WX2 }))).toBe(WX2)
  })

  it('A login without an appid is refused with appid_required', async () => {
    for (const referer of [
      null,
      'https://example.com/',
      `https://evil.example/${WX2}/1/page-frame.html`,
      `https://evil.example/${page(WX2)}`,
      page(''),
    ]) {
      expect(await toStatusAndCode(await loginFrom(referer, { code: 'x' }))).toEqual([
        400,
        'appid_required',
      ])
    }
  })

  it('A login with an unknown appid in its body or Referer is refused with appid_unknown', async () => {
    const unknown = [400, 'appid_unknown']
    expect(await toStatusAndCode(await loginFrom(null, { code: 'x', appid: 'wx3' }))).toEqual(
      unknown,
    )
    expect(await toStatusAndCode(await loginFrom(page('wx3'), { code: 'x' }))).toEqual(unknown)
    for (const appid of ['__proto__', 'constructor']) {
      expect(await toStatusAndCode(await loginFrom(null, { code: 'x', appid }))).toEqual(unknown)
    }
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(0)
  })

  it('A subscribe message by an unknown mini program is refused with appid_unknown', async () => {
    const message = { openid: 'o1', templateId: 't1', data: { thing1: 'x' } }
    for (const [appid, code] of [
      ['wx3', 'appid_unknown'],
      [undefined, 'appid_required'],
    ]) {
      const options = { token: SERVICE_KEY, body: { ...message, appid } }
      const response = await app.send('POST', '/subscribe-messages', options)
      expect(await toStatusAndCode(response)).toEqual([400, code])
    }
  })

  it('A login with an appid that is not a string is refused with invalid_request', async () => {
    const response = await loginFrom(null, { code: 'x', appid: 1 })
    expect(await toStatusAndCode(response)).toEqual([400, 'invalid_request'])
  })

  it('Concurrent logins of two mini programs start one session in each', async () => {
    const codes = [await app.wxLogin({ appid: APPID }), await app.wxLogin({ appid: WX2 })]
    const logins = await Promise.all(
      [APPID, WX2].map((appid, index) => loginFrom(null, { code: codes[index] ?? '', appid })),
    )
    expect(await Promise.all(logins.map(fetchAppid))).toEqual([APPID, WX2])
  })
})

describe('a login with only one mini program', () => {
  it('A login needs no appid if there is one mini program, and must not name another', async () => {
    app.replace()
    const code = await app.wxLogin()
    expect(await fetchAppid(await loginFrom(null, { code }))).toBe(APPID)
    expect(await toStatusAndCode(await loginFrom(page(WX2), { code: 'x' }))).toEqual([
      400,
      'appid_unknown',
    ])
  })
})

describe('several mini programs', () => {
  it('A person has a different userId in each mini program', async () => {
    const one = await app.login({ appid: APPID })
    const two = await app.login({ appid: WX2 })
    expect(one.userId).not.toBe(two.userId)
  })

  it('DELETE /sessions leaves the sessions of other mini programs alone', async () => {
    const one = await app.login({ appid: APPID })
    const two = await app.login({ appid: WX2 })
    await app.send('DELETE', '/sessions', { token: one.token })
    const answers = [one, two].map(({ token }) => app.send('GET', '/session', { token }))
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([401, 200])
  })

  it('Encrypted data of one mini program does not open in a session of another', async () => {
    const { token } = await app.login({ appid: WX2 })
    const body = await app.press<object>('wx.getUserInfo', { appid: APPID })
    expect((await app.send('POST', '/open-data/decrypt', { token, body })).status).toBe(409)
    const own = await app.press<object>('wx.getUserInfo', { appid: WX2 })
    expect((await app.send('POST', '/open-data/decrypt', { token, body: own })).status).toBe(200)
  })
})

describe('the hosts of WECHAT_API_BASE', () => {
  const settings = {
    WECHAT_API_BASE:
      'https://api.weixin.qq.com,https://hk.api.weixin.qq.com,https://sh.api.weixin.qq.com',
  }

  /** The hosts that one login calls while these hosts accept no connection. */
  async function findHosts(down: string[], answer?: () => Promise<Response>): Promise<string[]> {
    const hosts: string[] = []
    app.replace({ settings, down, ...(answer && { fetch: answer }) })
    app.onCall(({ url }) => hosts.push(new URL(url).host))
    await app.send('POST', '/login', { body: { code: await app.wxLogin() } })
    return hosts
  }

  it('The first host of WECHAT_API_BASE that accepts a connection gets the call', async () => {
    expect(await findHosts([])).toEqual(['api.weixin.qq.com'])
    expect(await findHosts(['api.weixin.qq.com'])).toEqual(['hk.api.weixin.qq.com'])
    expect(await findHosts(['api.weixin.qq.com', 'hk.api.weixin.qq.com'])).toEqual([
      'sh.api.weixin.qq.com',
    ])
  })

  it('No second host of WECHAT_API_BASE gets a code that was sent to the first', async () => {
    const failures = [
      () => Promise.reject(new Error('Network connection lost.')),
      async () => new Response('<html>', { status: 502 }),
      async () => Response.json({ errcode: 40029 }),
    ]
    for (const failure of failures) {
      expect(await findHosts([], failure)).toEqual(['api.weixin.qq.com'])
    }
  })

  it('A host of WECHAT_API_BASE that is passed over is logged once in an isolate, without its name', async () => {
    await findHosts(['api.weixin.qq.com', 'hk.api.weixin.qq.com'])
    await app.login()
    const settings = app.warnings.flatMap((line) => JSON.parse(line).settings)
    expect(settings).toEqual([
      expect.stringContaining('WECHAT_API_BASE: host 1 of 3'),
      expect.stringContaining('WECHAT_API_BASE: host 2 of 3'),
    ])
    expect(app.warnings.join()).not.toContain('weixin')
    app.restart()
    await app.login()
    expect(app.warnings).toHaveLength(4)
  })
})
