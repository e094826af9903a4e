/**
 * Requests of many users with faults in KV and at WeChat. What the server has acknowledged must hold.
 *
 * FUZZ_SEED chooses what is sent, and which operations fail: see fuzz.test.ts.
 */

import { env } from 'cloudflare:workers'
import { describe, expect, inject, it } from 'vitest'
import { FAULTS } from '../sandbox/faults'
import { ERRORS } from '../src/core/errors'
import { toUserId } from '../src/login/sessions'
import { APPID, type LoginAnswer, type OpenData, type ProblemBody, useTestApp } from './support/app'
import { hookedKV } from './support/kv'
import { createRandom, type Random } from './support/random'

const app = useTestApp()

const REQUESTS = inject('soakRequests')
const FAULT_RATE = 0.05
const USERS = 20
const BROKEN = [
  ...(['html', 'html_200', 'empty', 'array', 'cut', 'large', 'redirect', 'no_openid'] as const),
]

/**
 * A user, with random numbers of their own: a seed repeats what they do and when KV or WeChat fails,
 * however far the others are. Only which sessions a failed DELETE /sessions leaves is not repeated.
 */
interface User {
  readonly name: string
  readonly random: Random
  /** Whether each token is alive; `null` if the answer of the server left it open. */
  readonly tokens: Map<string, boolean | null>
}

const pick = <Value>({ random }: User, values: readonly Value[]): Value =>
  values[random.below(values.length)] as Value
const chance = ({ random }: User, rate: number) => random.next() < rate

const KV_ERRORS = ['429 Too Many Requests', '500 Internal Server Error', '503 Service Unavailable']

/** The real KV, in which this share of operations fails with one of its real errors. */
function faultyKV(users: ReadonlyMap<string, User>, faults: { rate: number }): KVNamespace {
  return hookedKV(env.SESSIONS, (operation, key, proceed) => {
    const user = users.get(key.split(':')[1] ?? '')
    if (!user) throw new Error(`${operation} concerns no user`)
    if (!chance(user, faults.rate)) return proceed()
    throw new Error(`KV ${operation.toUpperCase()} failed: ${pick(user, KV_ERRORS)}`)
  })
}

describe('a soak', () => {
  it('Acknowledged logins and logouts hold through thousands of requests with faults in KV and at WeChat', {
    // A thousand requests take a second.
    timeout: Math.max(60_000, REQUESTS * 30),
  }, async () => {
    const faults = { rate: FAULT_RATE }
    const users = new Map<string, User>()
    /** What WeChat answers for a code, if not the user that it stands for. */
    const broken = new Map<string, () => Response | Promise<Response>>()
    app.replace({
      settings: { SESSIONS: faultyKV(users, faults) },
      fetch: async (request) => {
        const fault = broken.get(new URL(request.url).searchParams.get('js_code') ?? '')
        return fault ? fault() : app.sandbox.fetch(request)
      },
    })
    for (let index = 0; index < USERS; index++) {
      const name = `user ${index}`
      const random = createRandom(inject('fuzzSeed') + index)
      const userId = await toUserId({ appid: APPID, openid: await app.getOpenid(name) })
      users.set(userId, { name, random, tokens: new Map() })
    }
    const problems = new Map<string, number>()

    async function ask(method: string, path: string, options: { token?: string; body?: unknown }) {
      const response = await app.send(method, path, options)
      if (response.ok) return { status: response.status, answer: response }
      const { code } = await response.json<ProblemBody>()
      problems.set(code, (problems.get(code) ?? 0) + 1)
      return { status: response.status, answer: response }
    }

    async function logIn(user: User): Promise<void> {
      const { name, tokens } = user
      const body = { code: await app.wxLogin({ user: name }) }
      if (chance(user, FAULT_RATE)) broken.set(body.code, FAULTS[pick(user, BROKEN)])
      const alive = [...tokens.keys()].filter((token) => tokens.get(token))
      const old = alive.length > 0 && chance(user, 0.5) ? pick(user, alive) : undefined
      const { status, answer } = await ask('POST', '/login', { body, ...(old && { token: old }) })
      if (status === 200) tokens.set((await answer.json<LoginAnswer>()).token, true)
      if (old && status === 200) tokens.set(old, false)
      else if (old && tokens.get(old)) tokens.set(old, null)
    }

    async function end({ tokens }: User, token: string, path: string): Promise<void> {
      const { status } = await ask('DELETE', path, { token })
      const affected = path === '/session' ? [token] : [...tokens.keys()]
      for (const known of affected) {
        if (status === 204) tokens.set(known, false)
        else if (tokens.get(known) && status !== 401) tokens.set(known, null)
      }
    }

    async function act(user: User): Promise<void> {
      const { name: userName, random, tokens } = user
      const action = random.next()
      if (tokens.size === 0 || action < 0.15) return logIn(user)
      const token = pick(user, [...tokens.keys()])
      if (action < 0.75) await ask('GET', '/session', { token })
      else if (action < 0.85) await ask('GET', '/sessions', { token })
      else if (action < 0.95) {
        const body = await app.press<OpenData>('wx.getUserInfo', { user: userName })
        await ask('POST', '/open-data/decrypt', { token, body })
      } else if (action < 0.99) await end(user, token, '/session')
      else await end(user, token, '/sessions')
    }

    const live = async (user: User) => {
      for (let sent = 0; sent < REQUESTS / USERS; sent++) await act(user)
    }
    await Promise.all([...users.values()].map(live))

    faults.rate = 0
    const wrong: string[] = []
    let checked = 0
    for (const { tokens } of users.values()) {
      for (const [token, isAlive] of tokens) {
        if (isAlive === null) continue
        checked++
        const { status } = await app.send('GET', '/session', { token })
        if (status !== (isAlive ? 200 : 401)) wrong.push(`${isAlive ? 'live' : 'ended'}: ${status}`)
      }
    }
    expect(wrong).toEqual([])
    expect(checked).toBeGreaterThan(REQUESTS / 20)
    expect([...problems.keys()].filter((code) => !(code in ERRORS))).toEqual([])
    expect(problems.get('internal_error')).toBeUndefined()
    expect(problems.get('store_unavailable')).toBeGreaterThan(REQUESTS / 40)
    expect(problems.get('wechat_unavailable')).toBeGreaterThan(REQUESTS / 400)
    const log = app.log.join('')
    for (const { tokens } of users.values()) {
      for (const token of tokens.keys()) expect(log.includes(token.slice(-42))).toBe(false)
    }
  })
})
