import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { pushRequest } from '../sandbox/push'
import type { EventMessage, EventReply, Hooks } from '../src/login/hooks'
import { openEnvelope, pushSignature, sealEnvelope } from '../src/login/wechat/push'
import { APPID, type ProblemBody, useTestApp } from './support/app'
import { SEALED } from './support/vectors'

const TOKEN = env.WECHAT_PUSH_TOKEN
const AES_KEY = env.WECHAT_PUSH_AES_KEY
const PLAIN = { WECHAT_PUSH_AES_KEY: undefined }
const URL = 'https://login.example/wechat/events'
const SENDER = { ToUserName: 'gh_1', FromUserName: 'oAlice', CreateTime: 1_790_000_000 }
const RECEIPT = { ErrCode: 0, ErrMsg: 'success' }

const app = useTestApp()

/** What happened to the messages, in order. */
interface Bound {
  readonly steps: string[]
  readonly sent: EventMessage[]
  readonly asked: EventMessage[]
}

/** 40 objects, of which each has the one before it twice. */
const SHARED = Array.from({ length: 40 }).reduce<Record<string, unknown>>((a) => ({ a, b: a }), {})

/** An app with a Queue, and with a hook that answers this; `undefined` for no hook. */
function start(options: {
  reply?: Hooks['onEvent']
  hasQueue?: boolean
  settings?: Record<string, unknown>
}): Bound {
  const { reply, hasQueue = false, settings = {} } = options
  const bound: Bound = { steps: [], sent: [], asked: [] }
  const send = async (message: EventMessage) => {
    bound.steps.push('queue')
    bound.sent.push(message)
  }
  const onEvent = (message: EventMessage) => {
    bound.steps.push('hook')
    bound.asked.push(message)
    return reply?.(message)
  }
  app.replace({
    settings: { ...settings, ...(hasQueue && { EVENTS: { send } }) },
    ...(reply && { hooks: { onEvent } }),
  })
  return bound
}

async function push(event: object, key: string | null = AES_KEY) {
  const timestamp = app.clock.now
  const options = { appid: APPID, token: TOKEN, encodingAESKey: key, timestamp }
  const response = await app.receive(await pushRequest(URL, event, options))
  return { status: response.status, text: await response.text() }
}

/** The reply inside a signed envelope of safe mode. */
async function openReply(text: string): Promise<string> {
  const { Encrypt, MsgSignature, TimeStamp, Nonce, ...rest } = JSON.parse(text)
  expect([rest, typeof TimeStamp]).toEqual([{}, 'number'])
  expect(MsgSignature).toBe(await pushSignature([TOKEN, String(TimeStamp), Nonce, Encrypt]))
  const opened = await openEnvelope(Encrypt, AES_KEY)
  expect(opened?.appid).toBe(APPID)
  return opened?.message ?? ''
}

const event = (Event: string, other = {}) => ({ ...SENDER, MsgType: 'event', Event, ...other })

describe("WeChat's published reply", () => {
  it.each(SEALED)('sealEnvelope and pushSignature make the published reply: %o', async (vector) => {
    const { message, Encrypt, signed, appid, encodingAESKey } = vector
    const random = new TextEncoder().encode(vector.random)
    expect(await sealEnvelope(message, { appid, encodingAESKey, random })).toBe(Encrypt)
    const { token, timestamp, nonce, msg_signature } = signed
    expect(await pushSignature([token, timestamp, nonce, Encrypt])).toBe(msg_signature)
  })
})

describe('the reply to a message that no hook answers', () => {
  const DESK = {
    ToUserName: 'oAlice',
    FromUserName: 'gh_1',
    CreateTime: 1_790_000_000,
    MsgType: 'transfer_customer_service',
  }

  it.each(['text', 'image', 'link', 'miniprogrampage', 'voice', 'something_new'])(
    'A %s of a user goes on to the desk of customer service, in safe mode and plain',
    async (MsgType) => {
      start({})
      const safe = await push({ ...SENDER, MsgType, Content: 'hello' })
      expect(safe.status).toBe(200)
      expect(JSON.parse(await openReply(safe.text))).toEqual(DESK)
      start({ settings: PLAIN })
      const plain = await push({ ...SENDER, MsgType, Content: 'hello' }, null)
      expect([plain.status, JSON.parse(plain.text)]).toEqual([200, DESK])
    },
  )

  it('A message that does not say from whom to whom is answered success', async () => {
    start({})
    for (const name of ['FromUserName', 'ToUserName']) {
      const message = { ...SENDER, MsgType: 'text', [name]: undefined }
      expect(await push(message)).toEqual({ status: 200, text: 'success' })
    }
  })

  it.each(['user_enter_tempsession', 'wxa_media_check', 'subscribe_msg_popup_event', 'new_event'])(
    'The event %s is answered success, which stays plain in safe mode',
    async (Event) => {
      start({})
      expect(await push(event(Event))).toEqual({ status: 200, text: 'success' })
      start({ settings: PLAIN })
      expect(await push(event(Event), null)).toEqual({ status: 200, text: 'success' })
    },
  )
})

describe('the reply of the hook', () => {
  function beLate(): Promise<never> {
    app.timeOut(2500)
    return new Promise(() => {})
  }

  it.each<[string, EventReply]>([
    ['a text', 'good luck'],
    ['an object', { ErrCode: 0, 说明: ['好'] }],
  ])('%s as reply is encrypted and signed in safe mode, and plain otherwise', async (_, reply) => {
    const expected = typeof reply === 'string' ? reply : JSON.stringify(reply)
    start({ reply: () => reply })
    const safe = await push({ ...SENDER, MsgType: 'text', Content: 'hello' })
    expect([safe.status, await openReply(safe.text)]).toEqual([200, expected])
    start({ reply: async () => reply, settings: PLAIN })
    const plain = await push({ ...SENDER, MsgType: 'text', Content: 'hello' }, null)
    expect(plain).toEqual({ status: 200, text: expected })
  })

  it('A reply may have exactly 64 KiB of UTF-8, as a text or as JSON', async () => {
    for (const reply of ['x'.repeat(65_536), { a: 'x'.repeat(65_528) }]) {
      start({ reply: () => reply, settings: PLAIN })
      const { status, text } = await push({ ...SENDER, MsgType: 'text', Content: 'hello' }, null)
      expect([status, text.length]).toEqual([200, 65_536])
    }
  })

  it('A reply may be 512 levels deep', async () => {
    const nest = (levels: number): object =>
      Array.from({ length: levels }).reduce<object>((inside) => ({ inside }), {})
    for (const [levels, status] of [
      [512, 200],
      [513, 503],
    ] as const) {
      start({ reply: () => ({ ...nest(levels) }), settings: PLAIN })
      expect((await push({ ...SENDER, MsgType: 'text' }, null)).status).toBe(status)
    }
  })

  it.each(['', 'success'])('The reply %j stays plain in safe mode', async (reply) => {
    start({ reply: () => reply })
    expect(await push({ ...SENDER, MsgType: 'text' })).toEqual({ status: 200, text: reply })
  })

  it('A hook that answers nothing leaves the reply to the server', async () => {
    for (const nothing of [null, undefined]) {
      start({ reply: () => nothing })
      expect(await push(event('wxa_media_check'))).toEqual({ status: 200, text: 'success' })
    }
  })

  it('The Queue takes a message before the hook is asked, and both get the same', async () => {
    const { steps, sent, asked } = start({ reply: () => 'success', hasQueue: true })
    await push(event('wxa_media_check', { trace_id: '1' }))
    expect(steps).toEqual(['queue', 'hook'])
    expect(asked).toEqual(sent)
    expect(sent).toEqual([
      {
        key: expect.stringMatching(/^[\w-]{43}$/),
        appid: APPID,
        event: event('wxa_media_check', { trace_id: '1' }),
      },
    ])
  })

  it('The Queue and the hook have 2.5 seconds together', async () => {
    start({ reply: () => 'success', hasQueue: true })
    const before = app.deadlines().length
    await push(event('wxa_media_check'))
    expect(app.deadlines().slice(before)).toEqual([2500])
  })

  it('A hook is not asked about a message that the Queue has not taken', async () => {
    const asked: unknown[] = []
    const EVENTS = { send: () => Promise.reject(new Error('down')) }
    const hooks = { onEvent: (message: EventMessage) => void asked.push(message) }
    app.replace({ settings: { EVENTS }, hooks })
    expect((await push(event('wxa_media_check'))).status).toBe(503)
    expect(asked).toEqual([])
  })

  it.each<[string, () => unknown, string]>([
    ['throws', () => Promise.reject(new Error('secret')), 'HOOKS.onEvent failed'],
    ['answers 7', () => 7, 'HOOKS.onEvent gave a reply'],
    ['answers true', () => true, 'HOOKS.onEvent gave a reply'],
    ['answers an array', () => ['secret'], 'HOOKS.onEvent gave a reply'],
    ['answers a Date', () => new Date(0), 'HOOKS.onEvent gave a reply'],
    ['answers a text of more than 64 KiB', () => '中'.repeat(21_846), 'HOOKS.onEvent gave a reply'],
    ['answers JSON of more than 64 KiB', () => ({ a: 'x'.repeat(65_529) }), 'at most 64 KiB'],
    ['answers what would be a trillion objects in JSON', () => SHARED, 'at most 64 KiB'],
    ['throws a text', () => Promise.reject('secret'), 'HOOKS.onEvent failed'],
    ['is late', beLate, 'did not answer in time'],
  ])(
    'A hook that %s leaves the message unanswered, though the Queue has it',
    async (_, reply, reason) => {
      const { sent } = start({ reply: reply as Hooks['onEvent'] & object, hasQueue: true })
      const { status, text } = await push({ ...SENDER, MsgType: 'text', Content: 'hello' })
      const { code } = JSON.parse(text) as ProblemBody
      expect([status, code, sent.length]).toEqual([503, 'hook_unavailable', 1])
      expect(app.warnings).toEqual([expect.stringContaining(reason)])
      expect(app.warnings[0]).not.toContain('secret')
    },
  )
})

describe('the events of virtual payment', () => {
  const NOTICES = ['xpay_goods_deliver_notify', 'xpay_coin_pay_notify', 'xpay_refund_notify']
  const QUESTIONS = ['xpay_complaint_notify', 'xpay_subscribe_ios_refund_apply', 'xpay_new']

  it.each(NOTICES)('%s is answered with a receipt once the Queue has it', async (Event) => {
    const { sent } = start({ hasQueue: true })
    const { status, text } = await push(event(Event))
    expect([status, JSON.parse(await openReply(text)), sent.length]).toEqual([200, RECEIPT, 1])
  })

  it.each(QUESTIONS)(
    '%s is not answered without a hook, though the Queue has it',
    async (Event) => {
      const { sent } = start({ hasQueue: true })
      expect([(await push(event(Event))).status, sent.length]).toEqual([503, 1])
      expect(app.warnings[0]).toContain('HOOKS')
    },
  )

  it.each([...NOTICES, ...QUESTIONS])(
    '%s is not answered with nothing bound, and the log says what to bind',
    async (Event) => {
      start({})
      expect((await push(event(Event))).status).toBe(503)
      expect(app.warnings).toEqual([expect.stringContaining('HOOKS')])
      if (NOTICES.includes(Event)) expect(app.warnings[0]).toContain('EVENTS')
    },
  )

  it.each([...NOTICES, ...QUESTIONS])('%s gets the answer of the hook', async (Event) => {
    const reply = { ErrCode: 1, ErrMsg: 'no such goods' }
    for (const hasQueue of [false, true]) {
      start({ reply: () => reply, hasQueue })
      const { status, text } = await push(event(Event))
      expect([status, JSON.parse(await openReply(text))]).toEqual([200, reply])
    }
  })

  it('A hook that answers nothing leaves a notice to the Queue, and a question open', async () => {
    for (const [Event, hasQueue, status] of [
      ['xpay_refund_notify', true, 200],
      ['xpay_refund_notify', false, 503],
      ['xpay_complaint_notify', true, 503],
    ] as const) {
      start({ reply: () => null, hasQueue })
      expect((await push(event(Event))).status).toBe(status)
    }
  })
})

describe('the key of a message', () => {
  it('The key is the SHA-256 of the message, in safe mode and plain', async () => {
    const message = event('wxa_media_check', { trace_id: '1' })
    const text = new TextEncoder().encode(JSON.stringify(message))
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
    const key = digest.toBase64({ alphabet: 'base64url', omitPadding: true })
    const safe = start({ hasQueue: true })
    await push(message)
    expect(safe.sent[0]?.key).toBe(key)
    const plain = start({ hasQueue: true, settings: PLAIN })
    await push(message, null)
    expect(plain.sent[0]?.key).toBe(key)
  })

  it('Two results of one second have different keys, and a delivery again has the same', async () => {
    const { sent } = start({ hasQueue: true })
    for (const trace_id of ['1', '2', '1']) await push(event('wxa_media_check', { trace_id }))
    const [first, second, again] = sent.map(({ key }) => key)
    expect(again).toBe(first)
    expect(second).not.toBe(first)
  })
})
