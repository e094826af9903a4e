import { describe, expect, it } from 'vitest'
import { pushRequest } from '../sandbox/push'
import type { EventMessage } from '../src/login/hooks'
import { APPID } from './support/app'
import { AES_KEY, ENDPOINT, PLAIN, TOKEN, usePush } from './support/push'

const { app, start, push, event } = usePush()

describe('a text that a user has pasted', () => {
  const pasted = () =>
    `{"ToUserName":"gh_1","FromUserName":"oTalk","CreateTime":${app.clock.now},"MsgType":"text","Content":"log:\n\u001b[0;32mI\u001b[0m","MsgId":23456789012345678}`

  it.each([
    ['safe', {}, AES_KEY],
    ['plain', PLAIN, null],
  ])(
    'A text with raw control characters is handled like any other in %s mode',
    async (_, mode, key) => {
      const sent: EventMessage[] = []
      await start({
        ...mode,
        EVENTS: { send: async (message: EventMessage) => void sent.push(message) },
      })
      expect((await push(pasted(), { key }))[0]).toBe(200)
      expect(sent.map(({ event }) => [event.Content, event.MsgId])).toEqual([
        ['log:\n\u001b[0;32mI\u001b[0m', '23456789012345678'],
      ])
    },
  )
})

describe('the Queue EVENTS', () => {
  const queue = (sent: EventMessage[]) => ({
    EVENTS: { send: async (message: EventMessage) => void sent.push(message) },
  })

  it('The Queue EVENTS gets every event, with the same key for every delivery of one event', async () => {
    const sent: EventMessage[] = []
    await start(queue(sent))
    const first = event({ Event: 'user_info_modified' })
    await push(first)
    await push(first)
    await push(event({ Event: 'user_info_modified', OpenID: 'oBob' }))
    await push({ MsgType: 'text', MsgId: 7, Content: 'hello' })
    expect(sent[0]).toEqual({ key: expect.any(String), appid: APPID, event: first })
    expect(sent[1]?.key).toBe(sent[0]?.key)
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3)
  })

  it('The Queue EVENTS gets a MsgId of 64 bits with all of its digits', async () => {
    const sent: EventMessage[] = []
    await start({ ...queue(sent), ...PLAIN })
    for (const id of ['23456789012345678', '23456789012345679', '7']) {
      const options = {
        appid: APPID,
        token: TOKEN,
        encodingAESKey: null,
        timestamp: app.clock.now,
      }
      const { url } = await pushRequest(ENDPOINT, {}, options)
      const body = `{"MsgType":"text","MsgId":${id}}`
      expect((await app.receive(new Request(url, { method: 'POST', body }))).status).toBe(200)
    }
    expect(sent.map(({ event }) => event.MsgId)).toEqual([
      '23456789012345678',
      '23456789012345679',
      7,
    ])
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3)
  })

  it.each<[string, () => Promise<unknown>]>([
    ['fails', () => Promise.reject(new Error('Queue is down'))],
    ['takes more than 2.5 seconds', () => new Promise(() => app.timeOut(2500))],
  ])('WeChat sends a push again if the Queue EVENTS %s', async (_, send) => {
    await start({ EVENTS: { send } })
    expect(await push(event())).toEqual([503, 'store_unavailable'])
  })
})
