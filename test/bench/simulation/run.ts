/**
 * `npm run simulate`: a day of a population against the real app, with KV's delays, and the requests
 * that an ended session gets through. Prints the tables of docs/performance.md; `-- --chinese` prints
 * those of the Chinese one. The same seed gives the same figures.
 */

import { buildSync } from 'esbuild'
import { startMiniflare } from '../../support/miniflare.ts'
import type { AccessTokenDay } from './access-token.ts'
import type { EndedSessions } from './ended-sessions.ts'
import { PATTERN } from './pattern.ts'
import type { Day, DayOptions } from './population.ts'
import {
  reportAccessToken,
  reportDay,
  reportEndedSessions,
  reportKept,
  reportScale,
} from './report.ts'
import type { SimulationRequest, SimulationResult } from './worker.ts'

/** Of each share in the pattern, such as one in 200, it has a whole number of users. */
const USERS = 200
const SEED = 20261125
const ENDED_SESSIONS = 60

const language = process.argv.includes('--chinese') ? 'zh' : 'en'
const server = await startMiniflare([{ name: 'simulation', code: bundle() }])
const began = Date.now()

try {
  const days = await runDays()
  const [fresh, other, kept, keptByMany] = days
  if (!fresh || !other || !kept || !keptByMany) throw new Error('a day is missing')
  console.log(
    [
      reportDay(fresh, other, language),
      reportKept([fresh, kept, keptByMany], language),
      reportScale(fresh, kept, language),
      reportAccessToken(await runAccessToken()),
      reportEndedSessions(await endSessions(30), await endSessions(60), language),
    ].join('\n\n'),
  )
} finally {
  await server.close()
}

async function runDays(): Promise<Day[]> {
  const plan: Omit<DayOptions, 'users' | 'seed'>[] = [
    { staleness: 60, keepSeconds: 0, backendProcesses: 1 },
    { staleness: 30, keepSeconds: 0, backendProcesses: 1 },
    { staleness: 60, keepSeconds: 30, backendProcesses: 1 },
    { staleness: 60, keepSeconds: 30, backendProcesses: 8 },
  ]
  const days: Day[] = []
  for (const options of plan) {
    progress(`a day: ${JSON.stringify(options)}`)
    const { day } = await simulate({ day: { users: USERS, seed: SEED, ...options } })
    if (day) days.push(day)
  }
  return days
}

async function runAccessToken(): Promise<AccessTokenDay> {
  progress('the access_token')
  const isolates = { locations: PATTERN.locations.length, isolatesPerLocation: 10 }
  const { accessToken } = await simulate({
    accessToken: { ...isolates, staleness: 60, seed: SEED },
  })
  if (!accessToken) throw new Error('the simulation gave no result')
  return accessToken
}

async function endSessions(staleness: number): Promise<EndedSessions> {
  progress(`ended sessions: ${JSON.stringify({ staleness })}`)
  const times = { staleness, keepSeconds: 30, seconds: 90 }
  const { endedSessions } = await simulate({
    endedSessions: { sessions: ENDED_SESSIONS, seed: SEED, ...times },
  })
  if (!endedSessions) throw new Error('the simulation gave no result')
  return endedSessions
}

async function simulate(request: SimulationRequest) {
  const response = await fetch(server.url, { method: 'POST', body: JSON.stringify(request) })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as SimulationResult
}

function bundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [`${import.meta.dirname}/worker.ts`],
    bundle: true,
    format: 'esm',
    target: 'esnext',
    external: ['cloudflare:*'],
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

function progress(text: string): void {
  process.stderr.write(`${Math.round((Date.now() - began) / 1000)} s: ${text}\n`)
}
