import { describe, expect, it, vi } from 'vitest'
import { signPush } from '../sandbox/encrypt'
import { pushRequest } from '../sandbox/push'
import type { EventMessage } from '../src/login/hooks'
import { APPID } from './support/app'
import { AES_KEY, ENDPOINT, PLAIN, TOKEN, toAnswer, usePush } from './support/push'
import { PUSH, URL_CHECKS } from './support/vectors'

const { app, session, start, push, event, isAlive } = usePush()

describe("WeChat's published examples", () => {
  it.each(URL_CHECKS)(
    "The URL check answers WeChat's published example with its echostr: %o",
    async ({ timestamp, nonce, signature }) => {
      app.clock.now = Number(timestamp)
      const query = new URLSearchParams({
        signature,
        timestamp,
        nonce,
        echostr: '4375120948345356249',
      })
      const response = await app.request(`/wechat/events?${query}`)
      expect(await toAnswer(response)).toEqual([200, '4375120948345356249'])
      expect(response.headers.get('Content-Type')).toMatch(/^text\/plain/)
    },
  )

  it("POST /wechat/events accepts WeChat's published push at its time", async () => {
    const { token, timestamp, nonce, Encrypt, msg_signature, encodingAESKey, appid } = PUSH
    const settings = { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey }
    app.replace({ settings: { ...settings, WECHAT_APPID: appid } })
    app.clock.now = Number(timestamp) + 5
    const query = new URLSearchParams({
      signature: PUSH.signature,
      timestamp,
      nonce,
      msg_signature,
    })
    const body = JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt })
    const init = { method: 'POST', body }
    expect(await toAnswer(await app.request(`/wechat/events?${query}`, init))).toEqual([
      200,
      'success',
    ])
  })
})

describe('the URL check', () => {
  it('The URL check is refused if its signature is wrong', async () => {
    const query = 'signature=00&timestamp=1&nonce=2&echostr=3'
    const response = await app.request(`/wechat/events?${query}`)
    expect(await toAnswer(response)).toEqual([403, 'event_refused'])
  })

  it('The URL check takes a nonce and an echostr that are absent for empty ones', async () => {
    const timestamp = String(app.clock.now)
    const query = new URLSearchParams({ signature: await signPush(TOKEN, timestamp), timestamp })
    expect(await toAnswer(await app.request(`/wechat/events?${query}`))).toEqual([200, ''])
  })

  it('The URL check is refused if its timestamp is older than ten minutes', async () => {
    const [{ timestamp, nonce, signature }] = URL_CHECKS
    const query = new URLSearchParams({ signature, timestamp, nonce, echostr: '1' })
    app.clock.now = Number(timestamp) + 600
    expect((await app.request(`/wechat/events?${query}`)).status).toBe(200)
    app.clock.now += 1
    const response = await app.request(`/wechat/events?${query}`)
    expect(await toAnswer(response)).toEqual([403, 'event_refused'])
  })

  it('The push endpoint does not exist if WECHAT_PUSH_TOKEN is not set', async () => {
    await start({ WECHAT_PUSH_TOKEN: undefined })
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await app.send(method, '/wechat/events')).status).toBe(404)
    }
    expect(await push(event())).toEqual([404, 'not_found'])
  })
})

describe('a push in safe mode', () => {
  it.each(['user_authorization_revoke', 'user_authorization_cancellation'])(
    'A push of %s ends all sessions of that user and none of another user',
    async (Event) => {
      const bob = await app.login({ user: 'bob' })
      expect(await push(event({ Event }))).toEqual([200, 'success'])
      expect(await isAlive()).toBe(false)
      expect((await app.send('GET', '/session', { token: bob.token })).status).toBe(200)
    },
  )

  it('A push of any other event ends no session', async () => {
    expect(await push(event({ Event: 'user_info_modified' }))).toEqual([200, 'success'])
    expect(await isAlive()).toBe(true)
  })

  it('A push may have spaces around its field names', async () => {
    const spaced = Object.fromEntries(
      Object.entries(event()).map(([key, value]) => [` ${key} `, value]),
    )
    expect(await push(spaced)).toEqual([200, 'success'])
    expect(await isAlive()).toBe(false)
  })

  it('A push without an OpenID is logged and counts as received', async () => {
    expect(await push(event({ OpenID: undefined }))).toEqual([200, 'success'])
    expect(app.warnings).toEqual([expect.stringContaining('without an OpenID')])
    expect(await isAlive()).toBe(true)
  })

  it('A push is accepted up to ten minutes old and up to a minute ahead', async () => {
    expect(await push(event(), { age: 601 })).toEqual([403, 'event_refused'])
    expect(await push(event(), { age: -61 })).toEqual([403, 'event_refused'])
    expect(await push(event(), { age: 0.5 })).toEqual([403, 'event_refused'])
    expect(await isAlive()).toBe(true)
    expect(await push(event(), { age: -60 })).toEqual([200, 'success'])
    expect(await push(event(), { age: 600 })).toEqual([200, 'success'])
  })

  it.each<[unknown, number]>([
    [-600, 200],
    [60, 200],
    [-601, 403],
    [61, 403],
    ['text', 403],
    [undefined, 403],
    [null, 403],
  ])('A push that ends sessions and was created at now + %o gets %i', async (offset, status) => {
    const { now } = app.clock
    const CreateTime =
      typeof offset === 'number' ? now + offset : offset === 'text' ? String(now) : offset
    expect((await push(event({ CreateTime })))[0]).toBe(status)
    expect(await isAlive()).toBe(status !== 200)
  })

  it('A push that ends no session is accepted whenever it was created', async () => {
    for (const CreateTime of [app.clock.now - 86_400, undefined]) {
      const purchase = event({ Event: 'user_info_modified', CreateTime })
      expect(await push(purchase)).toEqual([200, 'success'])
    }
  })

  it('A recorded push ends no session with timestamp and nonce swapped', async () => {
    const options = { appid: APPID, token: TOKEN, encodingAESKey: AES_KEY }
    const recorded = await pushRequest(ENDPOINT, event(), { ...options, timestamp: app.clock.now })
    const url = new URL(recorded.url)
    const [timestamp, nonce] = [url.searchParams.get('nonce'), url.searchParams.get('timestamp')]
    url.searchParams.set('timestamp', timestamp ?? '')
    url.searchParams.set('nonce', nonce ?? '')
    app.clock.now = Number(timestamp)
    session.token = (await app.login()).token
    expect(await toAnswer(await app.receive(new Request(url, recorded)))).toEqual([
      403,
      'event_refused',
    ])
    expect(await isAlive()).toBe(true)
    expect(app.warnings.at(-1)).toContain('refused: CreateTime')
  })

  it('A push with another token, another key or for another mini program is refused', async () => {
    const refused = [403, 'event_refused']
    expect(await push(event(), { token: 'BBBBB' })).toEqual(refused)
    expect(await push(event(), { key: 'B'.repeat(43) })).toEqual(refused)
    expect(await push(event(), { appid: 'wx0000000000000000' })).toEqual(refused)
    expect(await push(event({ AppID: 'wx0000000000000000' }))).toEqual(refused)
    expect(await isAlive()).toBe(true)
  })

  it('A push with any part of its envelope or query changed is refused', async () => {
    const options = {
      appid: APPID,
      token: TOKEN,
      encodingAESKey: AES_KEY,
      timestamp: app.clock.now,
    }
    const good = await pushRequest(ENDPOINT, event(), options)
    const body = await good.json<{ Encrypt: string }>()
    const altered = body.Encrypt.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
    const init = { method: 'POST', body: JSON.stringify({ Encrypt: altered }) }
    expect((await app.receive(new Request(good.url, init))).status).toBe(403)
    for (const name of ['timestamp', 'nonce', 'msg_signature']) {
      const url = new URL(good.url)
      url.searchParams.set(name, '1')
      const request = new Request(url, { method: 'POST', body: JSON.stringify(body) })
      expect((await app.receive(request)).status).toBe(403)
    }
  })

  it('A push that is not JSON is refused with invalid_request', async () => {
    const body = '<xml><Encrypt>…</Encrypt></xml>'
    const response = await app.request('/wechat/events', { method: 'POST', body })
    expect(await response.json()).toMatchObject({
      status: 400,
      errors: [
        {
          path: '',
          message:
            'is XML; choose JSON as data format (数据格式) of message push in the WeChat console',
        },
      ],
    })
  })

  it('A push does not count as received if KV fails, so that WeChat sends it again', async () => {
    app.kv.down.add('list')
    expect(await push(event())).toEqual([503, 'store_unavailable'])
  })
})

describe('a push in plain mode', () => {
  it('A push in plain mode is accepted if no key is set', async () => {
    await start(PLAIN)
    expect(await push(event(), { key: null })).toEqual([200, 'success'])
    expect(await isAlive()).toBe(false)
  })

  it('A push in plain mode is one of safe mode only with an envelope and its signature', async () => {
    await start(PLAIN)
    const Encrypt = 'x'
    const options = { appid: APPID, token: TOKEN, encodingAESKey: null }
    for (const [message, query, status] of [
      [event({ Encrypt }), '', 200],
      [event(), '&msg_signature=00', 200],
      [event({ Encrypt }), '&msg_signature=00', 500],
    ] as const) {
      const sent = await pushRequest(ENDPOINT, message, { ...options, timestamp: app.clock.now })
      const request = new Request(`${sent.url}${query}`, sent)
      expect((await app.receive(request)).status).toBe(status)
    }
  })

  it('A push in plain mode is refused if a key is set', async () => {
    expect(await push(event(), { key: null })).toEqual([403, 'event_refused'])
    expect(await isAlive()).toBe(true)
  })

  it('A push in plain mode is refused if its signature is wrong or it is old', async () => {
    await start(PLAIN)
    expect(await push(event(), { key: null, token: 'BBBBB' })).toEqual([403, 'event_refused'])
    expect(await push(event(), { key: null, age: 601 })).toEqual([403, 'event_refused'])
  })

  it('A push in safe mode is misconfigured if no key is set, and the log names the setting', async () => {
    await start(PLAIN)
    expect(await push(event())).toEqual([500, 'misconfigured'])
    expect(app.warnings[0]).toContain('WECHAT_PUSH_AES_KEY')
    expect(app.warnings.join()).not.toContain('reason')
  })
})

describe('a push that nobody has signed', () => {
  /** How often JSON is parsed, and whether with a reviver, which takes many times as long. */
  async function countParses(body: string): Promise<boolean[]> {
    const parse = vi.spyOn(JSON, 'parse')
    const query = `timestamp=${app.clock.now}&nonce=1&signature=00&msg_signature=00`
    const response = await app.request(`/wechat/events?${query}`, { method: 'POST', body })
    const calls = parse.mock.calls.map(([, reviver]) => reviver !== undefined)
    parse.mockRestore()
    expect(response.status).toBe(403)
    return calls
  }

  it('A push that nobody has signed is not read in plain mode', async () => {
    await start(PLAIN)
    expect(await countParses(JSON.stringify(event()))).toEqual([])
    expect(await countParses('<xml></xml>')).toEqual([])
  })

  it('A push that nobody has signed is read as an envelope in safe mode, and no further', async () => {
    expect(await countParses(JSON.stringify({ Encrypt: 'AAAA' }))).toEqual([false])
    expect(await countParses(JSON.stringify(event()))).toEqual([false])
  })
})

describe('several mini programs', () => {
  const settings = { WECHAT_APPS: JSON.stringify({ [APPID]: 's1', wx2: 's2' }) }

  it('Each of several mini programs has a push endpoint', async () => {
    const sent: EventMessage[] = []
    app.replace({
      settings: {
        ...settings,
        EVENTS: { send: async (message: EventMessage) => void sent.push(message) },
      },
    })
    const other = event({ AppID: 'wx2' })
    expect(await push(other, { url: `${ENDPOINT}/wx2`, appid: 'wx2' })).toEqual([200, 'success'])
    expect(await push(other, { url: `${ENDPOINT}/${APPID}`, appid: 'wx2' })).toEqual([
      403,
      'event_refused',
    ])
    expect(await push(event(), { url: ENDPOINT })).toEqual([400, 'appid_required'])
    expect(await push(event(), { url: `${ENDPOINT}/wx3` })).toEqual([400, 'appid_unknown'])
    expect(sent.map(({ appid }) => appid)).toEqual(['wx2'])
  })

  it('The push endpoint with the appid also works for a single mini program', async () => {
    expect(await push(event(), { url: `${ENDPOINT}/${APPID}` })).toEqual([200, 'success'])
    expect(await isAlive()).toBe(false)
  })
})
