/** Runs the simulation in workerd, and answers with its results. */

import { type Day, simulateDay } from './day'
import { measureWaits, WAITING_OPERATIONS, type WaitingOperation } from './waits'

export interface Simulation {
  readonly waits: readonly {
    readonly operation: WaitingOperation
    readonly sequence: readonly string[]
    /** In milliseconds, where the location has not read the session lately. */
    readonly cold: number
    /** In milliseconds, where it has. */
    readonly hot: number
  }[]
  readonly days: readonly { readonly way: Way; readonly day: Day }[]
}

/** How backends learn whose a token is. */
export type Way = keyof typeof BACKENDS

const BACKENDS = {
  asked: { keepSeconds: 0, processes: 1 },
  keptByMany: { keepSeconds: 30, processes: 8 },
  kept: { keepSeconds: 30, processes: 1 },
  JWT: 'JWT',
} as const

/** Of each share in the pattern, such as one in 200, it has a whole number of users. */
const USERS = 200
const SEED = 20261125

export default {
  async fetch() {
    const waits = WAITING_OPERATIONS.map(async (operation) => {
      const { sequence, milliseconds: cold } = await measureWaits(operation, false)
      const { milliseconds: hot } = await measureWaits(operation, true)
      return { operation, sequence, cold, hot }
    })
    const days = (Object.keys(BACKENDS) as Way[]).map(async (way) => {
      const options = { users: USERS, staleness: 60, backend: BACKENDS[way], seed: SEED }
      return { way, day: await simulateDay(options) }
    })
    const simulation: Simulation = {
      waits: await Promise.all(waits),
      days: await Promise.all(days),
    }
    return Response.json(simulation)
  },
} satisfies ExportedHandler
