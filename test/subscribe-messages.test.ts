import { describe, expect, it } from 'vitest'
import { type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()

describe('POST /subscribe-messages', () => {
  const DATA = { thing1: 'Your order', time2: '12:00' }

  async function send(other: object = {}): Promise<Response> {
    const openid = await app.getOpenid()
    const body = { openid, templateId: 'sandbox-template', data: DATA, ...other }
    return app.send('POST', '/subscribe-messages', { token: SERVICE_KEY, body })
  }

  const allow = () => app.press<{ messages: object[] }>('wx.requestSubscribeMessage')

  it("POST /subscribe-messages sends the message with WeChat's field names", async () => {
    await allow()
    const types = new Set<unknown>()
    app.onCall(({ method, headers }) => types.add(method === 'POST' && headers.get('Content-Type')))
    const response = await send({ page: 'pages/index?a=1', state: 'trial', lang: 'en_US' })
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(types).toContain('application/json')
    const { messages } = await allow()
    expect(messages).toEqual([
      {
        touser: await app.getOpenid(),
        template_id: 'sandbox-template',
        page: 'pages/index?a=1',
        data: { thing1: { value: 'Your order' }, time2: { value: '12:00' } },
        miniprogram_state: 'trial',
        lang: 'en_US',
      },
    ])
  })

  it('POST /subscribe-messages answers message_refused if the user has allowed no more messages', async () => {
    await allow()
    expect((await send()).status).toBe(204)
    const problem = await (await send()).json<ProblemBody>()
    expect([problem.code, problem.errcode]).toEqual(['message_refused', 43101])
  })

  it('POST /subscribe-messages sends a message once if WeChat is busy, and says that it may have been sent', async () => {
    await allow()
    await app.press('fail', { errcode: -1, api: '/cgi-bin/message/subscribe/send' })
    const problem = await (await send()).json<ProblemBody>()
    expect([problem.status, problem.code, problem.errcode]).toEqual([503, 'wechat_busy', -1])
    expect(problem.detail).toContain('may have been sent')
    expect(app.sandbox.calls('/cgi-bin/message/subscribe/send')).toBe(1)
  })

  it('POST /subscribe-messages does not repeat a bad field name in its answer', async () => {
    for (const name of ['sent<script>', 'oQ7mArKsentsentsentsentsent']) {
      for (const value of ['x', { toString: 1 }]) {
        const response = await send({ data: { [name]: value } })
        const sent = expect.not.stringContaining('sent')
        expect([response.status, await response.text()]).toEqual([400, sent])
      }
    }
  })

  it('POST /subscribe-messages names the field that WeChat refuses', async () => {
    const problem = await (await send({ data: { thing1: 'x' } })).json<ProblemBody>()
    expect([problem.code, problem.errcode]).toEqual(['message_data_invalid', 47003])
    expect(problem.errors).toEqual([{ path: 'data.time2', message: expect.any(String) }])
  })

  it.each([
    ['data.a.value invalid', 'data.a'],
    [`data.${'a'.repeat(65)} invalid`, `data.${'a'.repeat(64)}`],
    ['invalid data.', undefined],
    ['invalid metadata.a', undefined],
  ])('What WeChat says is wrong, %j, is answered with the path %j', async (errmsg, path) => {
    app.setAnswer('/cgi-bin/message/subscribe/send', { errcode: 47003, errmsg })
    const { errors } = await (await send()).json<ProblemBody>()
    expect(errors?.map((error) => error.path)).toEqual(path && [path])
  })

  it('POST /subscribe-messages names the invalid field without a call to WeChat', async () => {
    const wrong: [object, string][] = [
      [{ openid: '' }, 'openid'],
      [{ templateId: undefined }, 'templateId'],
      [{ data: 'text' }, 'data'],
      [{ data: ['text'] }, 'data'],
      [{ data: { thing1: 1 } }, 'data.thing1'],
      [{ data: { 'thing 1': 'x' } }, 'data'],
      [{ data: { thing1: 'x', constructor: 'x' } }, 'data'],
      [{ data: { prototype: 'x' } }, 'data'],
      [{ data: { thing: 'x' } }, 'data'],
      [{ data: JSON.parse('{"__proto__":"x"}') }, 'data'],
      [{ state: 'beta' }, 'state'],
      [{ lang: 'de' }, 'lang'],
    ]
    for (const [other, path] of wrong) {
      const problem = await (await send(other)).json<ProblemBody>()
      expect([problem.code, problem.errors?.map((error) => error.path)]).toEqual([
        'invalid_request',
        [path],
      ])
    }
    expect(app.sandbox.calls('/cgi-bin/message/subscribe/send')).toBe(0)
  })
})
