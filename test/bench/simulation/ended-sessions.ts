/** How many requests an ended session gets through, by the seconds since its end. */

import { createRandom } from '../random'
import { createBackend } from './backend'
import { createRequest, createSystem, type System } from './system'

export interface EndedSessionsOptions {
  /** How many sessions end. */
  readonly sessions: number
  /** How long a location of KV may keep what it has read, in seconds. */
  readonly staleness: number
  /** For how many seconds the backend that keeps introspection answers does so. */
  readonly keepSeconds: number
  /** How long after the end the token is tried, in seconds. */
  readonly seconds: number
  readonly seed: number
}

/** Accepted requests by whole seconds since the end, out of one request per second and session. */
export interface Accepted {
  /** In the location where the session was ended. */
  readonly here: number[]
  readonly elsewhere: number[]
}

export interface EndedSessions {
  readonly options: EndedSessionsOptions
  /** At backends that keep no answer. */
  readonly asked: Accepted
  /** At backends that keep answers. */
  readonly kept: Accepted
}

const LOCATIONS = { here: 0, elsewhere: 1 } as const
const PLACES = ['here', 'elsewhere'] as const

/**
 * Somebody has a copy of each token and sends one request per second to a backend that keeps no
 * answer and to one that does, in both locations. The requests begin before the end, each at a time
 * of its own, so that the copies in KV and the kept answers are of any age at the end.
 */
export async function simulateEndedSessions(options: EndedSessionsOptions): Promise<EndedSessions> {
  const { sessions, staleness, keepSeconds, seconds, seed } = options
  const random = createRandom(seed)
  const system = createSystem({ staleness, locations: 2, isolatesPerLocation: 2 })
  const results = {
    asked: createCaller(system, { seconds, keepSeconds: 0 }),
    kept: createCaller(system, { seconds, keepSeconds }),
  }

  for (let session = 0; session < sessions; session++) {
    const { token } = await system.login(`user-${session}`, { location: LOCATIONS.here })
    const keptFrom = -1 - random.below(keepSeconds)
    const askedFrom = -1 - keepSeconds - random.below(staleness)
    for (let second = askedFrom; second < seconds; second++) {
      if (second === 0) await logOut(system, token)
      await results.asked.call(token, second)
      if (second >= keptFrom) await results.kept.call(token, second)
      system.clock.milliseconds += 1000
    }
  }
  return { options, asked: results.asked.accepted, kept: results.kept.accepted }
}

/** Calls one backend per location, and counts what they accept after the end. */
function createCaller(system: System, options: { seconds: number; keepSeconds: number }) {
  const { seconds, keepSeconds } = options
  const toBackend = (location: number) =>
    createBackend(system, { location, keepSeconds, processes: 1 })
  const backends = { here: toBackend(LOCATIONS.here), elsewhere: toBackend(LOCATIONS.elsewhere) }
  const zeros = () => new Array<number>(seconds).fill(0)
  const accepted: Accepted = { here: zeros(), elsewhere: zeros() }

  async function call(token: string, second: number): Promise<void> {
    for (const place of PLACES) {
      const { active } = await backends[place](token)
      if (second < 0 && !active) throw new Error('a live session was refused')
      if (second >= 0 && active) accepted[place][second] = (accepted[place][second] ?? 0) + 1
    }
  }

  return { accepted, call }
}

async function logOut(system: System, token: string): Promise<void> {
  const request = createRequest('DELETE', '/session', { token })
  const [response] = await system.send(LOCATIONS.here, request)
  if (response.status !== 204) throw new Error(`log-out failed: ${response.status}`)
}
