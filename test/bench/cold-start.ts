/** The time from the spawn of workerd to its first answer, compared with a bare Worker. */

import { performance } from 'node:perf_hooks'
import { spawnWorkerd, writeConfig } from './servers.ts'
import { type Spread, spread } from './stats.ts'

export interface ColdStart {
  readonly bare: Spread
  readonly ours: Spread
  /** The median of ours minus the median of bare, in milliseconds. */
  readonly delta: number
}

export async function measureColdStart(
  codes: { bare: string; ours: string },
  bindings: Readonly<Record<string, string>>,
  rounds: number,
): Promise<ColdStart> {
  const configs = {
    bare: writeConfig({ code: codes.bare, bindings }),
    ours: writeConfig({ code: codes.ours, bindings }),
  }
  const times: Record<keyof typeof configs, number[]> = { bare: [], ours: [] }
  // Round 0 warms the disk cache and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const order = ['bare', 'ours'] as const
    for (const variant of round % 2 === 0 ? order : order.toReversed()) {
      const time = await timeToFirstAnswer(configs[variant])
      if (round > 0) times[variant].push(time)
    }
  }
  const [bare, ours] = [spread(times.bare), spread(times.ours)]
  return { bare, ours, delta: ours.median - bare.median }
}

async function timeToFirstAnswer(config: string): Promise<number> {
  const began = performance.now()
  const server = await spawnWorkerd(config)
  const time = performance.now() - began
  await server.close()
  return time
}
