/** The performance goals, and whether the measurements meet them. */

import type { Results } from './bench.ts'
import { type Cell, ratio, requireCell } from './matrix.ts'
import { figure, range } from './table.ts'
import { type Kind, OPERATIONS, type Operation, type Platform } from './variants.ts'

export interface Goal {
  readonly what: string
  readonly against: string
  readonly goal: string
  readonly measured: string
  /** The same ratio by processor time per request, which other load on the machine affects less. */
  readonly byCpu: string
  readonly met: boolean
}

export const ROUTES: Readonly<Record<Operation, string>> = {
  login: '`POST /login`',
  check: '`GET /session`',
  verify: '`POST /open-data/verify`',
  decrypt: '`POST /open-data/decrypt`',
}

/** The least share of a bare Worker's requests per second. */
const SHARES = { check: 0.95, login: 0.9, decrypt: 0.9 } as const
const COLD_START_MILLISECONDS = 5
/** test/node/bundle.test.ts has the same limit. */
const BUNDLE_BYTES = 25 * 1024

const PEERS: readonly Kind[] = ['wafer-node-session', 'node-easywechat']

export function goals(results: Results): Goal[] {
  return [
    ...compareWithBare('Miniflare', results),
    ...compareWithBare('workerd', results),
    ...OPERATIONS.flatMap((operation) =>
      PEERS.map((peer) => compareWithPeer(operation, peer, results)),
    ),
    coldStart(results),
    bundle(results),
  ]
}

function compareWithBare(platform: Platform, { cells }: Results): Goal[] {
  return (['check', 'login', 'decrypt'] as const).map((operation) => {
    const ours = requireCell(cells, operation, 'ours', platform)
    const bare = requireCell(cells, operation, 'bare', platform)
    const share = ratio(ours, bare)
    return {
      what: `${ROUTES[operation]}, ${platform}`,
      against: 'bare Worker',
      goal: `>= ${SHARES[operation]} of its requests/s`,
      measured: range(share),
      byCpu: byCpu(ours, bare),
      met: share.median >= SHARES[operation],
    }
  })
}

/** Both have a store in memory, and neither has a proxy in front. */
function compareWithPeer(operation: Operation, peer: Kind, { cells }: Results): Goal {
  const ours = requireCell(cells, operation, 'ours', 'workerd')
  const theirs = requireCell(cells, operation, peer, 'Node')
  const rate = ratio(ours, theirs)
  const p50 = ours.p50.median / theirs.p50.median
  return {
    what: `${operation}, workerd`,
    against: peer,
    goal: '> 1 of its requests/s, < 1 of its p50',
    measured: `${range(rate)}, p50 ${figure(p50)}`,
    byCpu: byCpu(ours, theirs),
    met: rate.median > 1 && p50 < 1,
  }
}

function coldStart({ coldStart: { bare, ours, delta } }: Results): Goal {
  return {
    what: 'cold start',
    against: `bare Worker, ${figure(bare.median)} ms`,
    goal: `<= +${COLD_START_MILLISECONDS} ms`,
    measured: `+${figure(delta)} ms, to ${range(ours)}`,
    byCpu: '',
    met: delta <= COLD_START_MILLISECONDS,
  }
}

function bundle({ bundle: { bytes, gzip } }: Results): Goal {
  return {
    what: 'bundle',
    against: '',
    goal: `< ${BUNDLE_BYTES / 1024} KiB gzip`,
    measured: `${figure(gzip / 1024)} KiB gzip, ${figure(bytes / 1024)} KiB`,
    byCpu: '',
    met: gzip < BUNDLE_BYTES,
  }
}

function byCpu(ours: Cell, theirs: Cell): string {
  return ours.cpu && theirs.cpu ? figure(theirs.cpu / ours.cpu) : ''
}
