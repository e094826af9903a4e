/** The built production bundle: its size, what is in it, and the contract over real HTTP. */

import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Built, build } from '../support/built-worker'
import { APPID, CREDENTIALS, openStage, type Stage, send as sendTo } from '../support/environment'
import { FAULTS } from '../support/upstream'

const GZIP_LIMIT = 25 * 1024
const APPSECRET = CREDENTIALS.WECHAT_APPSECRET
/** Words that only the sandbox's code has. */
const SANDBOX_MARKS = ['/wx.login', 'getUserInfo:ok', '/sandbox']

let production: Built
let stage: Stage

beforeAll(async () => {
  production = build({ config: 'wrangler.toml', main: 'worker' })
  stage = await openStage()
})
afterAll(() => stage.close())

describe('the production bundle', () => {
  it('is under 25 KiB gzip', () => {
    expect(gzipSync(production.code).length).toBeLessThan(GZIP_LIMIT)
  })

  it('has no byte of the sandbox or of any test in it', () => {
    expect(production.inputs.filter((input) => /sandbox|test\//.test(input))).toEqual([])
    for (const mark of SANDBOX_MARKS) {
      expect(stage.sandbox.code).toContain(mark)
      expect(production.code).not.toContain(mark)
    }
  })

  it('is made of our source, hono and valibot only', () => {
    const foreign = production.inputs.filter(
      (input) => !/^(src|node_modules\/(hono|valibot))\//.test(input),
    )
    expect(foreign).toEqual([])
  })
})

describe('the production bundle over HTTP, with its WeChat in another process', () => {
  let login: Awaited<ReturnType<Stage['play']>>
  beforeAll(async () => {
    login = await stage.play(production)
  })

  async function send(method: string, path: string, token?: string, body?: object) {
    const options = { ...(token && { token }), ...(body && { body }) }
    const { status, headers, answer } = await sendTo(login.url, method, path, options)
    expect(headers.get('Cache-Control')).toBe('no-store')
    return { status, headers, answer: answer as Record<string, unknown> | null }
  }

  const logIn = (user?: string) => stage.logIn(login.url, user)

  it('answers GET /health', async () => {
    expect(await send('GET', '/health')).toMatchObject({ status: 200, answer: { status: 'ok' } })
  })

  it('logs in, tells the session, lists it, and ends it', async () => {
    const token = await logIn('carol')
    const { answer } = await send('GET', '/session', token)
    expect(answer).toMatchObject({ appid: APPID, userId: token.slice(0, 43) })
    const list = await send('GET', '/sessions', token)
    expect(list.answer).toMatchObject({ sessions: [{ current: true }] })
    expect((await send('DELETE', '/session', token)).status).toBe(204)
    expect((await send('GET', '/session', token)).status).toBe(401)
  })

  it('ends one session by its id, and all of them', async () => {
    const [one, two] = [await logIn('dave'), await logIn('dave')]
    const list = await send('GET', '/sessions', one)
    const sessions = list.answer?.sessions as { id: string; current: boolean }[]
    const other = sessions.find(({ current }) => !current)
    expect((await send('DELETE', `/sessions/${other?.id}`, one)).status).toBe(204)
    expect((await send('GET', '/session', two)).status).toBe(401)
    expect((await send('DELETE', '/sessions', one)).status).toBe(204)
    expect((await send('GET', '/session', one)).status).toBe(401)
  })

  it('verifies and opens what the phone gives', async () => {
    const token = await logIn()
    const data = await stage.phone('wx.getUserInfo')
    const verified = await send('POST', '/open-data/verify', token, data)
    expect(verified).toMatchObject({ status: 200, answer: { data: data.userInfo } })
    const opened = await send('POST', '/open-data/decrypt', token, data)
    expect(opened.answer).toEqual({ data: data.userInfo, timestamp: expect.any(String) })
    const steps = await stage.phone('wx.getWeRunData')
    const { answer } = await send('POST', '/open-data/decrypt', token, steps)
    expect(answer).toHaveProperty('data.stepInfoList.length', 31)
  })

  it('makes one exchange for one code sent ten times at once', async () => {
    const { code } = await stage.phone('wx.login')
    const before = stage.upstream.calls()
    const { arrived, release } = stage.upstream.hold()
    const logins = Array.from({ length: 10 }, () => send('POST', '/login', undefined, { code }))
    await arrived
    // The others are on their way over connections of their own; nothing tells when they are in.
    await setTimeout(200)
    release()
    const answers = await Promise.all(logins)
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(answers.map(({ answer }) => answer?.token)).size).toBe(1)
    expect(stage.upstream.calls() - before).toBe(1)
  })

  it.each([
    ['reset', 502],
    ['html', 502],
    ['cut', 502],
    ['half_closed', 502],
    ['large', 502],
    ['empty', 502],
  ] as const)('calls a WeChat that fails once, and says so: %s', async (fault, status) => {
    const { code } = await stage.phone('wx.login')
    const before = stage.upstream.calls()
    stage.upstream.next(FAULTS[fault])
    const { status: seen, answer } = await send('POST', '/login', undefined, { code })
    expect([seen, answer?.code]).toEqual([status, 'wechat_unavailable'])
    expect(stage.upstream.calls() - before).toBe(1)
  })

  it('waits five seconds and no longer for an answer, and for its last byte', async () => {
    const began = Date.now()
    const logins = [FAULTS.hang, FAULTS.drip].map((fault, index) => {
      stage.upstream.next(fault)
      return send('POST', '/login', undefined, { code: `held back ${index}` })
    })
    for (const { status, answer } of await Promise.all(logins)) {
      expect([status, answer?.code]).toEqual([504, 'wechat_timeout'])
    }
    expect(Date.now() - began).toBeGreaterThan(4900)
    expect(Date.now() - began).toBeLessThan(7000)
  })

  it('logged no secret, code, token or openid in all of this', async () => {
    const token = await logIn()
    const { code } = await stage.phone('wx.login')
    await stage.phone('fail', { errcode: 40125 })
    await send('POST', '/login', token, { code })
    const log = login.logs.join()
    expect(log).toContain('WECHAT_APPSECRET is not the secret')
    for (const text of [APPSECRET, code, token, token.slice(44), 'js_code=', 'session_key"']) {
      expect(log).not.toContain(text)
    }
  })

  it('says wechat_unavailable when nobody listens at WECHAT_API_BASE', async () => {
    await stage.upstream.close()
    const { status, answer } = await send('POST', '/login', undefined, { code: 'x' })
    expect([status, answer?.code]).toEqual([502, 'wechat_unavailable'])
  })
})
