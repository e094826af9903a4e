/** The operations under measurement, and how much of each one round measures. */

export const OPERATIONS = [
  'check',
  'verify',
  'introspect',
  'login',
  'decrypt',
  'order',
  'cold-start',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** An operation that is a request. */
export type RequestOperation = Exclude<Operation, 'cold-start'>

export type Platform = 'workerd' | 'Miniflare' | 'Express'

/** Of the Worker; the other libraries have their own paths. */
export const DESCRIPTIONS: Readonly<Record<Operation, string>> = {
  check: '`GET /session`',
  verify: '`LOGIN.verify()` over RPC, by a Worker that answers HTTP',
  introspect: '`POST /introspect`',
  login: '`POST /login`',
  decrypt: '`POST /open-data/decrypt`',
  order: '`POST /payments`',
  'cold-start': 'from the spawn of workerd to its first answer',
}

/**
 * Requests of one round, after a warm-up. All variants get the same number, so that the compilers
 * and the garbage collectors of all of them have had the same to do.
 */
export const REQUESTS: Readonly<Record<RequestOperation, { warmUp: number; measured: number }>> = {
  check: { warmUp: 800, measured: 1600 },
  verify: { warmUp: 800, measured: 1600 },
  introspect: { warmUp: 800, measured: 1600 },
  login: { warmUp: 600, measured: 1000 },
  decrypt: { warmUp: 800, measured: 1200 },
  order: { warmUp: 150, measured: 300 },
}

/** Of {@link REQUESTS}. The store of Miniflare is on disk, and slow; no goal is about the libraries. */
export const SHARES: Readonly<Record<Platform, number>> = {
  workerd: 1,
  Miniflare: 0.25,
  Express: 0.5,
}

export interface Plan {
  /** The whole run ends before this. */
  readonly seconds: number
  readonly rounds: number
  /** Of {@link REQUESTS}. */
  readonly share: number
  /** In so many parts is each measurement of a round taken. A part of a cold start is one start. */
  readonly slices: number
}

export const FULL: Plan = { seconds: 585, rounds: 40, share: 1, slices: 8 }
export const QUICK: Plan = { seconds: 90, rounds: 3, share: 0.25, slices: 2 }

export interface Options {
  readonly plan: Plan
  readonly operations: readonly Operation[]
}

const QUICK_FLAG = '--quick'

/**
 * The options of the command line: `--quick`, and names of operations; all of them without any.
 *
 * @throws {Error} for any other argument
 */
export function parseOptions(args: readonly string[]): Options {
  const names = args.filter((arg) => arg !== QUICK_FLAG)
  const unknown = names.filter((name) => !OPERATIONS.some((operation) => operation === name))
  if (unknown.length > 0) {
    const known = [QUICK_FLAG, ...OPERATIONS].join(', ')
    throw new Error(`unknown: ${unknown.join(', ')}. Take ${known}`)
  }
  return {
    plan: args.includes(QUICK_FLAG) ? QUICK : FULL,
    operations: OPERATIONS.filter((operation) => names.length === 0 || names.includes(operation)),
  }
}
