/** What the access_token costs in a day, by the number of isolates that need one. */

import { createRandom } from '../random'
import { type AccessTokenUsage, createRequest, createSystem } from './system'

export interface AccessTokenOptions {
  readonly locations: number
  readonly isolatesPerLocation: number
  /** How long a location of KV may keep what it has read, in seconds. */
  readonly staleness: number
  readonly seed: number
}

export interface AccessTokenDay extends AccessTokenUsage {
  readonly isolates: number
  /** Writes that KV refused because another isolate had just written; the token is used anyway. */
  readonly refusedWrites: number
}

const EVERY_SECONDS = 300
const WITHIN_MILLISECONDS = 5000

/** Each isolate needs the access_token every five minutes, all of them within five seconds. */
export async function simulateAccessToken(options: AccessTokenOptions): Promise<AccessTokenDay> {
  const { locations, isolatesPerLocation, seed } = options
  const isolates = locations * isolatesPerLocation
  const random = createRandom(seed)
  const system = createSystem(options)
  const { token } = await system.login('alice', { location: 0 })
  const start = system.clock.milliseconds

  for (let second = 0; second < 24 * 3600; second += EVERY_SECONDS) {
    const times = Array.from({ length: isolates }, () => random.below(WITHIN_MILLISECONDS))
    for (const [index, time] of times.sort((a, b) => a - b).entries()) {
      system.clock.milliseconds = start + second * 1000 + time
      const request = createRequest('POST', '/session/check', { token, body: {} })
      const [response] = await system.send(index % locations, request)
      if (!response.ok) throw new Error(`the check failed: ${await response.text()}`)
    }
  }
  return { ...system.accessToken, isolates, refusedWrites: system.kv.refusedWrites() }
}
