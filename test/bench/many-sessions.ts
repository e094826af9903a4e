/**
 * `npx node test/bench/many-sessions.ts`: lists and ends the sessions of people who have many, on
 * Miniflare, and counts the KV operations of each request.
 */

import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { ENCRYPTED } from '../support/vectors.ts'
import { bundle } from './build.ts'
import { forkProgram } from './children.ts'
import { type Answer, openLoad, requestText, send } from './load.ts'
import { freshCode } from './requests.ts'
import { startMiniflare } from './servers.ts'
import { median } from './stats.ts'
import { figure, table } from './table.ts'

interface MeasuredRequest extends Answer {
  readonly milliseconds: number
}

const SIZES = [1, 100, 2500]
const ROUNDS = 3
/** No client would try more often. */
const MAX_DELETES = 5

const wechat = await forkProgram(join(import.meta.dirname, 'wechat.ts'), {})
const bindings = {
  WECHAT_APPID: ENCRYPTED.appid,
  WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
  WECHAT_API_BASE: `http://127.0.0.1:${wechat.port}`,
}
const { port, close } = await startMiniflare({ worker: bundle('counted'), bindings })
let people = 0
try {
  const rows: string[][] = []
  for (const sessions of SIZES) rows.push(await measure(sessions))
  const head = ['sessions', 'GET ms', 'KV', 'DELETE ms', 'answers', 'KV of the first']
  console.log(table(head, rows))
} finally {
  await close()
  await wechat.close()
}

/** A row: the medians of the rounds, and the answers of the last one. */
async function measure(sessions: number): Promise<string[]> {
  const times = { list: [] as number[], end: [] as number[] }
  let [listing, ending]: [string, MeasuredRequest[]] = ['', []]
  for (let round = 0; round < ROUNDS; round++) {
    const authorization = await logInOften(sessions)
    const list = await measureRequest('GET', authorization)
    if (list.body.split('"id"').length - 1 !== sessions) throw new Error('the list is incomplete')
    listing = toKvText(list)
    ending = await endAll(authorization)
    times.list.push(list.milliseconds)
    times.end.push(ending.reduce((sum, { milliseconds }) => sum + milliseconds, 0))
  }
  return [
    String(sessions),
    figure(median(times.list)),
    listing,
    figure(median(times.end)),
    ending.map(({ status }) => status).join(', '),
    ending[0] ? toKvText(ending[0]) : '',
  ]
}

/** Creates this many sessions of a new person: the header of the last one. */
async function logInOften(sessions: number): Promise<Record<string, string>> {
  const openid = `oMany${people++}`
  const login = () => requestText('POST', '/login', { json: { code: freshCode(openid) } })
  const load = await openLoad(port, login, Math.min(sessions, 16))
  await load.send(sessions - 1)
  load.close()
  const { token } = JSON.parse((await send(port, login())).body)
  return { Authorization: `Bearer ${token}` }
}

async function endAll(headers: Record<string, string>): Promise<MeasuredRequest[]> {
  const ending: MeasuredRequest[] = []
  while (ending.length < MAX_DELETES) {
    const measured = await measureRequest('DELETE', headers)
    ending.push(measured)
    if (measured.status === 204) break
  }
  return ending
}

async function measureRequest(
  method: string,
  headers: Record<string, string>,
): Promise<MeasuredRequest> {
  const began = performance.now()
  const answer = await send(port, requestText(method, '/sessions', { headers }))
  return { ...answer, milliseconds: performance.now() - began }
}

function toKvText({ headers }: Answer): string {
  const counts = JSON.parse(/\r\nkv-operations: (.*)/i.exec(headers)?.[1] ?? '{}')
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return parts.join(', ')
}
