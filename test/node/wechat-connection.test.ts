/** The connection to WeChat, over real HTTP: answers without end, and phones that hang up. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProduction } from '../support/built-worker'
import { type Environment, type Reply, send, startEnvironment } from '../support/environment'
import { sendEndlessly } from '../support/upstream'
import { hasProcesses, workerdMemory } from '../support/workerd-memory'

const MIB = 1024 * 1024

let environment: Environment
let login: Awaited<ReturnType<Environment['serve']>>

beforeAll(async () => {
  environment = await startEnvironment()
  login = await environment.serve(await buildProduction())
})
afterAll(() => environment.close())

const postLogin = (code: string): Promise<Reply> =>
  send(login.url, 'POST', '/login', { body: { code } })

/** Starts a login whose call to WeChat is held back, and waits until it has arrived there. */
async function startHeldLogin() {
  const call = environment.upstream.hold()
  const answer = environment.logIn(login.url)
  await call.arrived
  return {
    finish: () => {
      call.release()
      return answer
    },
  }
}

describe('an answer that is longer than its Content-Length', () => {
  /** How much of an endless chunked answer with a Content-Length of 5 has been sent, in bytes. */
  async function receiveEndlessly(): Promise<number> {
    let sent = () => 0
    environment.upstream.next((_, response) => {
      sent = sendEndlessly(response).bytes
    })
    const reply = await postLogin('x')
    expect(reply).toMatchObject({ status: 502, answer: { code: 'wechat_unavailable' } })
    return sent()
  }

  it('an endless chunked answer with a Content-Length of 5 is cut off before the deadline', async () => {
    const began = performance.now()
    const sent = await receiveEndlessly()
    expect(performance.now() - began).toBeLessThan(5000)
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThan(32 * MIB)
  })

  it.skipIf(!hasProcesses)('such an answer takes no memory (it needs /proc)', async () => {
    const before = workerdMemory()
    expect(before).toBeGreaterThan(0)
    await receiveEndlessly()
    expect(workerdMemory() - before).toBeLessThan(64 * MIB)
  })
})

describe('a phone that hangs up', () => {
  it('nine logins get one answer if the first of ten with their code hangs up while WeChat answers', async () => {
    const { code } = await environment.press('wx.login')
    const before = environment.upstream.calls()
    const exchange = environment.upstream.hold()
    const phone = new AbortController()
    const first = fetch(new URL('/login', login.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code }),
      signal: phone.signal,
    })
    await exchange.arrived
    const nine = Array.from({ length: 9 }, () => postLogin(String(code)))
    // Requests are taken in the order of their arrival: once a later login has reached WeChat, the
    // nine are waiting.
    const joined = await startHeldLogin()
    phone.abort()
    await expect(first).rejects.toThrow()
    exchange.release()
    const answers = await Promise.all(nine)
    expect(answers.map(({ status }) => status)).toEqual(Array(9).fill(200))
    const tokens = answers.map(({ answer }) => (answer as { token: string }).token)
    expect(new Set(tokens).size).toBe(1)
    await joined.finish()
    expect(environment.upstream.calls() - before).toBe(2)
    expect((await send(login.url, 'GET', '/session', { token: tokens[0] ?? '' })).status).toBe(200)
  })
})
