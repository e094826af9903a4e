/** Which of its hosts WeChat Pay is asked at, and when no other one is. */

import { describe, expect, it, vi } from 'vitest'
import { ORDER, usePayApp } from '../support/pay-app'

const app = usePayApp()

const place = (fields: object = {}) => app.send('POST', '/payments', { ...ORDER, ...fields })

describe('connections', () => {
  const MAIN = 'api.mch.weixin.qq.com'
  const SECOND = 'api2.mch.weixin.qq.com'

  it('the second host is not asked while the first one answers, whatever it says', async () => {
    app.pay.failNext()
    await place()
    await place()
    expect(app.pay.requests.map(({ host }) => host)).toEqual([MAIN, MAIN])
  })

  it('if the first host accepts no connection, the second gets the order, and the first nothing', async () => {
    app.replace({ down: [MAIN] })
    expect((await place()).status).toBe(200)
    expect(app.pay.requests.map(({ host }) => host)).toEqual([SECOND])
    expect(app.probed).toEqual([MAIN])
  })

  it('a host that is passed over is logged once, without its name', async () => {
    app.replace({ down: [MAIN] })
    for (let i = 0; i < 2; i++) {
      await place()
      app.clock.now += 31
    }
    const lines = app.log.filter((line) => line.includes('passed over'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('WECHAT_PAY_API_BASE: host 1 of 2')
    expect(app.log.join()).not.toContain('weixin')
  })

  it('a host that has answered is not probed again for 30 seconds', async () => {
    await place()
    await place()
    app.clock.now += 29
    await place()
    expect(app.probed).toEqual([MAIN])
    app.clock.now += 30
    await place()
    expect(app.probed).toEqual([MAIN, MAIN])
  })

  it('if the connection fails, the second host gets the same body, newly signed, and the next order', async () => {
    await place()
    app.pay.next(() => {
      throw new TypeError('Network connection lost.')
    })
    expect((await place()).status).toBe(200)
    await place()
    expect(app.pay.requests.map(({ host }) => host)).toEqual([MAIN, MAIN, SECOND, SECOND])
    expect(app.probed).toEqual([MAIN])
    const bodies = app.pay.requests.map(({ body }) => body)
    expect(new Set(bodies).size).toBe(1)
    const signatures = app.pay.requests.map(({ authorization }) => authorization.signature)
    expect(new Set(signatures).size).toBe(4)
  })

  it('if the connection to the first of three hosts fails, the next one gets the order', async () => {
    const hosts = ['a.example', 'b.example', 'c.example']
    const WECHAT_PAY_API_BASE = hosts.map((host) => `https://${host}`).join()
    app.replace({ settings: { WECHAT_PAY_API_BASE } })
    app.pay.next(() => {
      throw new TypeError('Network connection lost.')
    })
    expect((await place()).status).toBe(200)
    expect(app.pay.requests.map(({ host }) => host)).toEqual(['a.example', 'b.example'])
  })

  it('if the connections to both hosts fail, the outcome is unknown, and the next order probes first', async () => {
    await place()
    for (let i = 0; i < 2; i++) {
      app.pay.next(() => {
        throw new TypeError('Network connection lost.')
      })
    }
    expect(await place()).toMatchObject({ status: 502, answer: { code: 'pay_unavailable' } })
    expect(app.log.at(-1)).toContain('the connection failed')
    expect(app.pay.requests.map(({ host }) => host)).toEqual([MAIN, MAIN, SECOND])
    await place()
    expect(app.probed).toEqual([MAIN, MAIN])
  })

  it('if a response breaks off, the outcome is unknown, and the next order probes first', async () => {
    const stream = new ReadableStream({
      pull: (controller) => controller.error(new TypeError('Network connection lost.')),
    })
    vi.spyOn(app.pay, 'fetch').mockResolvedValueOnce(new Response(stream))
    expect(await place()).toMatchObject({ status: 502, answer: { code: 'pay_unavailable' } })
    await place()
    expect(app.probed).toEqual([MAIN, MAIN])
  })

  it('an order whose time is over before a host is found is sent to none', async () => {
    app.replace({ down: [MAIN], onProbe: () => app.deadlines[0]?.end() })
    const { status, answer } = await place()
    expect([status, answer.code]).toEqual([504, 'pay_timeout'])
    await place({ outTradeNo: 'B00001' })
    const numbers = app.pay.requests.map(({ body }) => JSON.parse(body).out_trade_no)
    expect(numbers).toEqual(['B00001'])
  })

  it('if no host accepts a connection, the outcome is unknown', async () => {
    app.replace({ down: [MAIN, SECOND] })
    const { status, answer } = await place()
    expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
    expect(app.probed).toEqual([MAIN])
    expect(app.log.at(-1)).toContain('the connection failed')
  })

  it('a call without an answer in 5 seconds is aborted, a pay_timeout, and not made again', async () => {
    app.pay.next(() => {
      app.deadlines[0]?.end()
      return new Promise(() => {})
    })
    const { status, answer } = await place()
    expect([status, answer.code, answer.action]).toEqual([504, 'pay_timeout', 'retry_later'])
    expect(app.deadlines[0]?.milliseconds).toBe(5000)
    expect(app.signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})
