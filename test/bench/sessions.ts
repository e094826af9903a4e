/** Measures requests of people with many sessions, and counts the KV operations of each request. */

import { performance } from 'node:perf_hooks'
import { type Answer, load, requestText, send } from './load.ts'
import { median } from './stats.ts'
import { freshCode, type Operation, type Variant } from './variants.ts'

export type Operations = Readonly<Record<string, number>>

export interface MeasuredRequest {
  readonly request: string
  readonly status: number
  readonly milliseconds: number
  readonly kv: Operations
}

export interface ManySessions {
  readonly sessions: number
  /** The median of one `GET /sessions`, in milliseconds. */
  readonly list: number
  readonly listing: Operations
  /** Each `DELETE /sessions` of the first round, up to the one that answered 204. */
  readonly ending: readonly MeasuredRequest[]
  /** The median of all these requests together, in milliseconds. */
  readonly end: number
}

/** No client would try more often. */
const MAX_DELETES = 5

/** Counts the KV operations by kind and the calls of WeChat in one request of each operation. */
export async function countOperations(
  counted: Variant,
  wechatCalls: () => Promise<number>,
): Promise<Record<Operation, { kv: Operations; wechat: number }>> {
  const count = async (operation: Operation) => {
    const before = await wechatCalls()
    const kv = parseOperations(await send(counted.server.port, counted.next[operation]()))
    return { kv, wechat: (await wechatCalls()) - before }
  }
  return {
    login: await count('login'),
    check: await count('check'),
    verify: await count('verify'),
    decrypt: await count('decrypt'),
  }
}

/** Lists and ends the sessions of people who have this many. */
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
      const list = await measureRequest(port, 'GET', authorization)
      if (count(list.body, '"id"') !== sessions) throw new Error('the list is incomplete')
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

/** Creates this many sessions of a new person: the header of the last one. */
async function logInOften(port: number, sessions: number): Promise<Record<string, string>> {
  const openid = `oMany${people++}`
  const login = () => requestText('POST', '/login', { json: { code: freshCode(openid) } })
  await load(port, login, { connections: Math.min(sessions, 16), requests: sessions - 1 })
  const { token } = JSON.parse((await send(port, login())).body)
  return { Authorization: `Bearer ${token}` }
}

async function endAll(port: number, headers: Record<string, string>): Promise<MeasuredRequest[]> {
  const ending: MeasuredRequest[] = []
  while (ending.length < MAX_DELETES) {
    const { body, ...measured } = await measureRequest(port, 'DELETE', headers)
    ending.push(measured)
    if (measured.status === 204) break
  }
  return ending
}

async function measureRequest(port: number, method: string, headers: Record<string, string>) {
  const began = performance.now()
  const answer = await send(port, requestText(method, '/sessions', { headers }))
  const milliseconds = performance.now() - began
  const { status, body } = answer
  return { request: `${method} /sessions`, status, milliseconds, kv: parseOperations(answer), body }
}

function parseOperations({ headers }: Answer): Operations {
  return JSON.parse(/\r\nkv-operations: (.*)/i.exec(headers)?.[1] ?? '{}')
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}
