import { describe, expect, it } from 'vitest'
import { pushRequest } from '../sandbox/push'
import { FOUND, OTHER, onlyFound, SECRET, useHookedApp } from './support/hooked-app'

const TOKEN = 'BBBBB'
const KEY = 'B'.repeat(43)

const { app, asked, fetchStatus, start, tryLogin } = useHookedApp()

describe('the push endpoint of a mini program that the hook knows', () => {
  const withPush = { appsecret: SECRET, push: { token: TOKEN, aesKey: KEY } }

  async function push(appid: string, token: string, encodingAESKey: string | null) {
    const timestamp = app.clock.now
    const event = { MsgType: 'event', Event: 'user_authorization_cancellation' }
    const OpenID = await app.sandbox.getOpenid(FOUND, 'alice')
    const message = { ...event, CreateTime: timestamp, OpenID }
    const target = { appid: FOUND, token, encodingAESKey, timestamp }
    const request = pushRequest(`https://login.example/wechat/events/${appid}`, message, target)
    return (await app.receive(await request)).status
  }
  const SHARED = { WECHAT_PUSH_TOKEN: 'AAAAA', WECHAT_PUSH_AES_KEY: undefined }
  const NO_TOKEN = { WECHAT_PUSH_TOKEN: undefined }

  it.each([SHARED, NO_TOKEN])(
    'Its push endpoint has the settings of its own: %o',
    async (settings) => {
      start(withPush, settings)
      const { token } = await tryLogin()
      expect(await push(FOUND, 'AAAAA', null)).toBe(403)
      expect(await fetchStatus(token)).toBe(200)
      expect(await push(FOUND, TOKEN, KEY)).toBe(200)
      expect(await fetchStatus(token)).toBe(401)
    },
  )

  it('Its push endpoint is 404 without settings of its own, and never has the Token of others', async () => {
    start(onlyFound, SHARED)
    expect(await push(FOUND, 'AAAAA', null)).toBe(404)
    expect(app.warnings[0]).toContain('findMiniProgram gave no push')
    expect((await app.send('PUT', `/wechat/events/${FOUND}`)).status).toBe(404)
    expect(await push(OTHER, 'AAAAA', null)).toBe(400)
  })

  it('The hook is asked about an AppID that it is not known to know as often as LOGIN_LIMIT allows', async () => {
    let left = 2
    const LOGIN_LIMIT = { limit: async () => ({ success: left-- > 0 }) }
    start((appid: string) => (appid === FOUND ? withPush : null), { ...NO_TOKEN, LOGIN_LIMIT })
    const headers = { 'CF-Connecting-IP': '203.0.113.7' }
    const visit = async (appid: string) =>
      (await app.request(`/wechat/events/${appid}`, { method: 'POST', headers })).status
    const others = [OTHER, OTHER, 'wx4444444444444444', 'wx4444444444444444', 'wx-no-appid']
    expect([await visit(FOUND), await visit(OTHER)]).toEqual([400, 404])
    // What is kept needs no question, and one that was found stays known.
    app.clock.now += 60
    expect([await visit(FOUND), await visit(FOUND)]).toEqual([400, 400])
    const statuses: number[] = []
    for (const appid of others) statuses.push(await visit(appid))
    expect(statuses).toEqual([429, 429, 429, 429, 404])
    expect(asked).toEqual([FOUND, OTHER, FOUND])
  })
})
