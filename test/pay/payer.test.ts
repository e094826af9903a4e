/** Whose order it is, where the backend sends a token. */

import { describe, expect, it } from 'vitest'
import { APPID, OPENID, ORDER, usePayApp } from '../support/pay-app'
import { isMerchantSignature } from '../support/wechat-pay'

const app = usePayApp()

const place = (fields: object = {}) => app.send('POST', '/payments', { ...ORDER, ...fields })

describe('the payer of a token', () => {
  const useLogin = (verify: (token: string) => unknown) =>
    app.replace({
      settings: { LOGIN: { fetch: () => null, verify: async (t: string) => verify(t) } },
    })
  const byToken = { appid: undefined, openid: undefined, token: 'a token' }

  it('the session of a token names appid and openid', async () => {
    useLogin((token) => ({ ok: token === 'a token', session: { appid: APPID, openid: OPENID } }))
    const { status, answer } = await place(byToken)
    expect(status).toBe(200)
    expect(JSON.parse(app.pay.requests[0]?.body ?? '')).toMatchObject({
      appid: APPID,
      payer: { openid: OPENID },
    })
    const text = `${APPID}\n${answer.timeStamp}\n${answer.nonceStr}\n${answer.package}\n`
    expect(await isMerchantSignature(text, String(answer.paySign))).toBe(true)
  })

  it('a token without a session is a session_invalid whose challenge names no error', async () => {
    useLogin(() => ({ ok: false, error: { code: 'session_invalid', status: 401 } }))
    const { status, headers, answer } = await place(byToken)
    expect([status, answer.code]).toEqual([401, 'session_invalid'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
    expect(app.pay.requests).toEqual([])
  })

  it('a JWT access token is a session_invalid, and the login Worker is not asked', async () => {
    let asked = 0
    useLogin(() => ({ ok: ++asked > 0, session: { appid: APPID, openid: OPENID } }))
    const { status, answer } = await place({ ...byToken, token: 'e30.e30.c2ln' })
    expect([status, answer.code, asked]).toEqual([401, 'session_invalid', 0])
    expect(app.pay.requests).toEqual([])
  })

  it('a login Worker that is down or cannot tell is a store_unavailable', async () => {
    useLogin(() => {
      throw new Error('down, with a secret')
    })
    expect(await place(byToken)).toMatchObject({
      status: 503,
      answer: { code: 'store_unavailable', action: 'retry_later' },
    })
    expect(app.log[0]).toContain('entrypoint = \\"LoginService\\" of the binding, or LOGIN_URL of')
    expect(app.log[0]).not.toContain('secret')
    for (const code of ['store_unavailable', 'hook_unavailable']) {
      useLogin(() => ({ ok: false, error: { code } }))
      const answer = { code: 'store_unavailable', action: 'retry_later' }
      expect(await place(byToken)).toMatchObject({ status: 503, answer })
      expect(app.log[0]).toContain('LOGIN did not verify the token; see its log')
    }
    expect(app.pay.requests).toEqual([])
  })

  it('a login Worker that does not answer in time is a store_unavailable', async () => {
    useLogin(() => {
      app.deadlines[0]?.end()
      return new Promise(() => {})
    })
    expect((await place(byToken)).status).toBe(503)
    expect(app.deadlines[0]?.milliseconds).toBe(5000)
  })

  it('a login Worker that is misconfigured is misconfigured, and the log says where to look', async () => {
    useLogin(() => ({ ok: false, error: { code: 'misconfigured' } }))
    expect(await place(byToken)).toMatchObject({ status: 500, answer: { code: 'misconfigured' } })
    expect(app.log[0]).toContain('see its log, or LOGIN_SERVICE_KEY of the server')
  })

  it('a token without LOGIN is misconfigured, and the log says so', async () => {
    expect(await place(byToken)).toMatchObject({ status: 500, answer: { code: 'misconfigured' } })
    expect(app.log[0]).toContain('LOGIN is missing')
  })
})
