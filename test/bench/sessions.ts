/** What one person's many sessions cost, and how many KV operations each request takes. */

import { performance } from 'node:perf_hooks'
import { type Contestant, freshCode, type Operation } from './variants.ts'
import { type Answer, load, requestText, send } from './load.ts'
import { median } from './stats.ts'

export type Operations = Readonly<Record<string, number>>

export interface Taken {
  readonly request: string
  readonly status: number
  readonly milliseconds: number
  readonly kv: Operations
}

export interface ManySessions {
  readonly sessions: number
  /** Median milliseconds. */
  readonly list: number
  readonly listing: Operations
  /** Every `DELETE /sessions` that it took, in the first round, until one answered 204. */
  readonly ending: readonly Taken[]
  /** Median milliseconds for all of them together. */
  readonly end: number
}

/** A client that gives up would do so before. */
const MOST_DELETES = 5

/** What one request of each operation takes: KV operations by kind, and calls of WeChat. */
export async function countOperations(
  counted: Contestant,
  wechatCalls: () => Promise<number>,
): Promise<Record<Operation, { kv: Operations; wechat: number }>> {
  const count = async (operation: Operation) => {
    const before = await wechatCalls()
    const kv = operationsOf(await send(counted.server.port, counted.next[operation]()))
    return { kv, wechat: (await wechatCalls()) - before }
  }
  return {
    login: await count('login'),
    check: await count('check'),
    verify: await count('verify'),
    decrypt: await count('decrypt'),
  }
}

/** Lists and ends the sessions of people who have so many. */
export async function measureSessions(
  port: number,
  { sizes, rounds }: { sizes: readonly number[]; rounds: number },
  progress: (text: string) => void,
): Promise<ManySessions[]> {
  const results: ManySessions[] = []
  const times = sizes.map(() => ({ list: [] as number[], end: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, sessions] of sizes.entries()) {
      progress(`${sessions} sessions, round ${round + 1} of ${rounds}`)
      const authorization = await logInOften(port, sessions)
      const list = await take(port, 'GET', authorization)
      if (count(list.body, '"id"') !== sessions) throw new Error('the list is not whole')
      const ending = await endAll(port, authorization)
      times[index]?.list.push(list.milliseconds)
      times[index]?.end.push(ending.reduce((sum, { milliseconds }) => sum + milliseconds, 0))
      if (round === 0) results.push({ sessions, list: 0, listing: list.kv, ending, end: 0 })
    }
  }
  return results.map((result, index) => ({
    ...result,
    list: median(times[index]?.list ?? []),
    end: median(times[index]?.end ?? []),
  }))
}

let people = 0

/** So many sessions for one new person: the header of the last one. */
async function logInOften(port: number, sessions: number): Promise<Record<string, string>> {
  const openid = `oMany${people++}`
  const login = () => requestText('POST', '/login', { json: { code: freshCode(openid) } })
  await load(port, login, { connections: Math.min(sessions, 16), requests: sessions - 1 })
  const { token } = JSON.parse((await send(port, login())).body)
  return { Authorization: `Bearer ${token}` }
}

async function endAll(port: number, headers: Record<string, string>): Promise<Taken[]> {
  const ending: Taken[] = []
  while (ending.length < MOST_DELETES) {
    const { body, ...taken } = await take(port, 'DELETE', headers)
    ending.push(taken)
    if (taken.status === 204) break
  }
  return ending
}

async function take(port: number, method: string, headers: Record<string, string>) {
  const began = performance.now()
  const answer = await send(port, requestText(method, '/sessions', { headers }))
  const milliseconds = performance.now() - began
  const { status, body } = answer
  return { request: `${method} /sessions`, status, milliseconds, kv: operationsOf(answer), body }
}

function operationsOf({ headers }: Answer): Operations {
  return JSON.parse(/\r\nkv-operations: (.*)/i.exec(headers)?.[1] ?? '{}')
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}
