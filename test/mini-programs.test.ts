import { describe, expect, it } from 'vitest'
import { APPID, APPSECRET, type LoginAnswer, type ProblemBody, useTestApp } from './support/app'

const WX2 = 'wx2222222222222222'
const SECRET2 = 'the-second-appsecret'
const SEVERAL = { WECHAT_APPS: JSON.stringify({ [APPID]: APPSECRET, [WX2]: SECRET2 }) }

const app = useTestApp({ apps: { [WX2]: SECRET2 }, settings: SEVERAL })

/** A login with a code of one mini program, from whatever page. */
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
  it('is for the appid in its body', async () => {
    const code = await app.wxLogin({ appid: WX2 })
    expect(await fetchAppid(await loginFrom(null, { code, appid: WX2 }))).toBe(WX2)
  })

  it.each(['0', 'devtools', '12'])(
    'is for the appid in the Referer, version %s',
    async (version) => {
      const code = await app.wxLogin({ appid: WX2 })
      expect(await fetchAppid(await loginFrom(page(WX2, version), { code }))).toBe(WX2)
    },
  )

  it('is for the one in its body if the Referer has another', async () => {
    const code = await app.wxLogin({ appid: WX2 })
    expect(await fetchAppid(await loginFrom(page(APPID), { code, appid: WX2 }))).toBe(WX2)
  })

  it('is for nobody without either', async () => {
    for (const referer of [
      null,
      'https://example.com/',
      `https://evil.example/${WX2}/1/page-frame.html`,
    ]) {
      expect(await toStatusAndCode(await loginFrom(referer, { code: 'x' }))).toEqual([
        400,
        'appid_required',
      ])
    }
  })

  it('is refused for an appid that is not ours, in the body or in the Referer', async () => {
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

  it('is refused for an appid that is no text', async () => {
    const response = await loginFrom(null, { code: 'x', appid: 1 })
    expect(await toStatusAndCode(response)).toEqual([400, 'invalid_request'])
  })

  it('at the same time as one of another goes its own way', async () => {
    const codes = [await app.wxLogin({ appid: APPID }), await app.wxLogin({ appid: WX2 })]
    const logins = await Promise.all(
      [APPID, WX2].map((appid, index) => loginFrom(null, { code: codes[index] ?? '', appid })),
    )
    expect(await Promise.all(logins.map(fetchAppid))).toEqual([APPID, WX2])
  })
})

describe('a login with only one mini program', () => {
  it('needs no appid, and refuses one that is another', async () => {
    app.replace()
    const code = await app.wxLogin()
    expect(await fetchAppid(await loginFrom(null, { code }))).toBe(APPID)
    expect(await toStatusAndCode(await loginFrom(page(WX2), { code: 'x' }))).toEqual([
      400,
      'appid_unknown',
    ])
  })
})

describe('mini programs side by side', () => {
  it('never share a user id: the same person is another one in each', async () => {
    const one = await app.login({ appid: APPID })
    const two = await app.login({ appid: WX2 })
    expect(one.userId).not.toBe(two.userId)
  })

  it('never share sessions: ending all of one leaves the other', async () => {
    const one = await app.login({ appid: APPID })
    const two = await app.login({ appid: WX2 })
    await app.send('DELETE', '/sessions', { token: one.token })
    const answers = [one, two].map(({ token }) => app.send('GET', '/session', { token }))
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([401, 200])
  })

  it("never share data: one's does not open in the other's session", async () => {
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

  /** The hosts that were called for one login, where some accept no connection. */
  async function findHosts(down: string[], answer?: () => Promise<Response>): Promise<string[]> {
    const hosts: string[] = []
    app.replace({ settings, down, ...(answer && { fetch: answer }) })
    app.onCall(({ url }) => hosts.push(new URL(url).host))
    await app.send('POST', '/login', { body: { code: await app.wxLogin() } })
    return hosts
  }

  it('are called in their order: the first that accepts a connection', async () => {
    expect(await findHosts([])).toEqual(['api.weixin.qq.com'])
    expect(await findHosts(['api.weixin.qq.com'])).toEqual(['hk.api.weixin.qq.com'])
    expect(await findHosts(['api.weixin.qq.com', 'hk.api.weixin.qq.com'])).toEqual([
      'sh.api.weixin.qq.com',
    ])
  })

  it('are never tried one after another once the code has gone out', async () => {
    const failures = [
      () => Promise.reject(new Error('Network connection lost.')),
      async () => new Response('<html>', { status: 502 }),
      async () => Response.json({ errcode: 40029 }),
    ]
    for (const failure of failures) {
      expect(await findHosts([], failure)).toEqual(['api.weixin.qq.com'])
    }
  })
})
