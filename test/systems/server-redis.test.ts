/** The server with a real Redis: its store, its outages, its limits, its stream. */

import { connect, createServer } from 'node:net'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { pushRequest } from '../../sandbox/push'
import { openRedis } from '../../src/server/redis'
import { type Database, findPort, startRedis } from '../support/databases'
import { CREDENTIALS, type Environment, PUSH, send, startEnvironment } from '../support/environment'
import { describeHome } from '../support/home-contract'
import { PAID } from '../support/paid'
import { findProgram } from '../support/programs'
import { runServer, serveLogin, startServer } from '../support/server'
import { describeStore } from '../support/store-contract'
import { PAY_SETTINGS } from '../support/wechat-pay'
import { createCallback } from '../support/wechat-pay-api'

const { notice } = findProgram('redis-server', '/usr/bin/redis-server')

describe.skipIf(notice)(`Redis${notice}`, () => {
  let redis: Database
  let url: string
  beforeAll(async () => {
    redis = await startRedis(['--requirepass', 'secret'])
    url = `redis://:secret@127.0.0.1:${redis.port}`
  })
  afterAll(() => redis.close())

  describeStore('Redis', async () => {
    const [store, other] = [await openRedis(url, fail), await openRedis(url, fail)]
    return {
      store,
      other,
      pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    }
  })

  describeHome('the server with Redis', async (environment, settings) =>
    serveLogin(url)(environment, settings),
  )

  describe('the server with Redis', () => {
    let environment: Environment
    const settings = () => ({
      ...CREDENTIALS,
      WECHAT_API_BASE: environment.upstream.url,
      SERVICE_KEYS: 's'.repeat(32),
      STORE: url,
    })
    beforeAll(async () => {
      environment = await startEnvironment()
    })
    afterAll(() => environment.close())

    it('every key of Redis has a lifetime', async () => {
      const server = await startServer({ env: settings() })
      await environment.logIn(server.url)
      await server.close()
      const client = await createClient({ url }).connect()
      const keys = await client.keys('*')
      const lifetimes = await Promise.all(keys.map((key) => client.ttl(key)))
      client.destroy()
      expect(keys.length).toBeGreaterThan(2)
      expect(lifetimes.filter((seconds) => seconds < 0)).toEqual([])
    })

    it('a log-out in one process ends the session in another at once', async () => {
      const [one, two] = [
        await startServer({ env: settings() }),
        await startServer({ env: settings() }),
      ]
      const token = await environment.logIn(one.url, 'bob')
      expect((await send(two.url, 'GET', '/session', { token })).status).toBe(200)
      expect((await send(one.url, 'DELETE', '/sessions', { token })).status).toBe(204)
      expect((await send(two.url, 'GET', '/session', { token })).status).toBe(401)
      await one.close()
      await two.close()
    })

    it('a limit of logins counts for all processes, and no header evades it', async () => {
      // In a Redis of its own, which has counted no other login.
      const counting = await startRedis()
      const env = { ...settings(), STORE: `redis://127.0.0.1:${counting.port}`, LOGIN_LIMIT: '3' }
      const servers = [await startServer({ env }), await startServer({ env })]
      const statuses: number[] = []
      for (let index = 0; index < 8; index++) {
        const { code } = await environment.press('wx.login', { user: 'limited' })
        const response = await fetch(new URL('/login', servers[index % 2]?.url), {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            'CF-Connecting-IP': `10.0.0.${index}`,
            'X-Forwarded-For': `10.0.0.${index}`,
          },
          body: JSON.stringify({ code }),
        })
        statuses.push(response.status)
      }
      const logs = servers.map((server) => server.output()).join('')
      for (const server of servers) await server.close()
      await counting.close()
      expect(statuses.slice(0, 3)).toEqual([200, 200, 200])
      // A minute may end in between.
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2)
      expect(logs).toContain('set CLIENT_IP_HEADER')
    })

    it('a silent Redis is store_unavailable within 3 seconds, and works when it is back', async () => {
      const server = await startServer({ env: settings() })
      const token = await environment.logIn(server.url)
      redis.freeze()
      const started = Date.now()
      const silent = await send(server.url, 'GET', '/session', { token })
      const milliseconds = Date.now() - started
      const health = await send(server.url, 'GET', '/health')
      redis.wake()
      expect(silent).toMatchObject({ status: 503, answer: { code: 'store_unavailable' } })
      expect(milliseconds).toBeLessThan(3000)
      expect(health.status).toBe(200)
      // It is a new connection that works.
      await vi.waitFor(
        async () => expect((await send(server.url, 'GET', '/session', { token })).status).toBe(200),
        10_000,
      )
      await server.close()
    })

    it('a Redis that is away is store_unavailable at once, and sessions outlive its restart', async () => {
      const server = await startServer({ env: settings() })
      const token = await environment.logIn(server.url)
      await redis.stop()
      const away = await send(server.url, 'GET', '/session', { token })
      expect(away).toMatchObject({ status: 503, answer: { code: 'store_unavailable' } })
      await redis.restart()
      await vi.waitFor(
        async () => expect((await send(server.url, 'GET', '/session', { token })).status).toBe(200),
        10_000,
      )
      await server.close()
    })

    it('a pushed message goes into the stream that EVENTS names, with all digits of its MsgId', async () => {
      const server = await startServer({ env: { ...settings(), ...PUSH, EVENTS: ' events ' } })
      const now = Math.floor(Date.now() / 1000)
      const message =
        '{"MsgType":"event","Event":"subscribe_msg_popup_event","MsgId":23481737264582913}'
      const push = await pushRequest(new URL('/wechat/events', server.url).href, message, {
        appid: CREDENTIALS.WECHAT_APPID,
        token: PUSH.WECHAT_PUSH_TOKEN,
        encodingAESKey: PUSH.WECHAT_PUSH_AES_KEY,
        timestamp: now,
      })
      const { status } = await fetch(push)
      await server.close()
      const client = await createClient({ url }).connect()
      const entry = (await client.xRange('events', '-', '+'))?.[0]
      client.destroy()
      const taken = JSON.parse(entry?.message.message ?? '') as Record<string, unknown>
      expect([status, Object.keys(entry?.message ?? {})]).toEqual([200, ['message']])
      expect(taken).toEqual({
        key: expect.stringMatching(/^[\w-]{43}$/),
        appid: CREDENTIALS.WECHAT_APPID,
        event: {
          MsgType: 'event',
          Event: 'subscribe_msg_popup_event',
          MsgId: '23481737264582913',
        },
      })
    })

    it('a callback of WeChat Pay goes into the stream of the payments server', async () => {
      const env = { ...PAY_SETTINGS, SERVICE_KEYS: 'p'.repeat(32), STORE: url, EVENTS: 'paid' }
      const server = await startServer({ env, kind: 'payments' })
      const now = Math.floor(Date.now() / 1000)
      const callback = await createCallback('TRANSACTION.SUCCESS', PAID, now)
      const address = new URL('/wechat/pay/events', server.url)
      const { status } = await fetch(address, { method: 'POST', ...callback })
      await server.close()
      const client = await createClient({ url }).connect()
      const entries = await client.xRange('paid', '-', '+')
      client.destroy()
      expect([status, entries?.length]).toEqual([204, 1])
      expect(server.output()).toContain(`, events in redis://127.0.0.1:${redis.port}\n`)
    })

    it('the server starts although Redis is away, and says so', async () => {
      const server = await startServer({ env: { ...settings(), STORE: 'redis://127.0.0.1:1' } })
      const { status } = await send(server.url, 'GET', '/health')
      await server.close()
      expect([status, server.output()]).toEqual([
        200,
        expect.stringContaining('Redis does not answer'),
      ])
    })

    it('a refusal of a Redis that comes up late is said once, and so is each later outage', async () => {
      const port = await findPort()
      const server = await startServer({
        env: { ...settings(), STORE: `redis://:other@127.0.0.1:${port}` },
      })
      const late = await startRedis(['--port', String(port), '--requirepass', 'secret'])
      await until(server.url, () => server.output().includes('Redis refuses'))
      const client = await createClient({ url: `redis://:secret@127.0.0.1:${port}` }).connect()
      await client.configSet('requirepass', 'other')
      client.destroy()
      const token = `${'a'.repeat(43)}.${'b'.repeat(64)}`
      await until(server.url, async () => {
        return (await send(server.url, 'GET', '/session', { token })).status === 401
      })
      await late.stop()
      const count = (text: string) => server.output().split(text).length - 1
      await until(server.url, () => count('Redis does not answer') === 2)
      await late.close()
      await server.close()
      expect([count('Redis refuses'), count('Redis does not answer')]).toEqual([1, 2])
      expect(server.output()).not.toMatch(/other|secret/)
    })

    it('a Redis that is too old ends the server with 1, and is said of one that comes up late', async () => {
      const port = await findPort()
      const env = { ...settings(), STORE: `redis://:secret@127.0.0.1:${port}` }
      const server = await startServer({ env })
      const old = serveOldRedis(redis.port).listen(port, '127.0.0.1')
      await until(server.url, () => server.output().includes('Redis 6 is too old'))
      await server.close()
      const ended = await runServer({ env })
      old.close()
      expect(ended).toEqual({ code: 1, fault: 'STORE: Redis 6 is too old; 7 is needed' })
    })

    it.each([
      ['a wrong password', () => url.replace('secret', 'wrong')],
      ['a database that is not there', () => `${url}/99`],
    ])('%s of Redis ends the server with 1', async (_, toUrl) => {
      expect(await runServer({ env: { ...settings(), STORE: toUrl() } })).toEqual({
        code: 1,
        fault: 'STORE: Redis refuses the user, the password or the database',
      })
    })
  })
})

/** Asks the server for its health until a condition holds, for 20 seconds at most. */
async function until(url: URL, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`it does not hold: ${holds}`)
    await send(url, 'GET', '/health')
  }
}

/** Redis on this port, as one that says it is version 6. */
function serveOldRedis(port: number) {
  return createServer((socket) => {
    const redis = connect(port, '127.0.0.1').setEncoding('latin1')
    socket.pipe(redis)
    redis.on('data', (text: string) => {
      socket.write(text.replace(/(?<=redis_version:)\d+/, '6'), 'latin1')
    })
    socket.on('error', () => redis.destroy()).on('close', () => redis.destroy())
  })
}

function fail(reason: string): void {
  throw new Error(reason)
}
