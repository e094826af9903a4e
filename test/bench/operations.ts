/** What is measured: the operations, the rows of each, and how much of it a round takes. */

/** In the order of the tables. */
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

/** Of the Worker; the other libraries have their own paths. */
export const DESCRIPTIONS: Readonly<Record<Operation, string>> = {
  check: '`GET /session`',
  verify: '`LOGIN.verify()` over RPC',
  introspect: '`POST /introspect`',
  login: '`POST /login`',
  decrypt: '`POST /open-data/decrypt`',
  order: '`POST /payments`',
  'cold-start': 'from the start of workerd to its first response',
}

/** Once the whole tree is at this commit, everything is compared with it. */
export const BASELINE = '4003468'

/** `bare` and `again` are the same program: what they differ by is noise. */
export const ROWS = {
  bare: 'bare Worker',
  again: 'bare Worker, again',
  ours: 'code2session',
  baseline: `code2session, ${BASELINE}`,
  sqlite: 'code2session-server, SQLite',
  redis: 'code2session-server, Redis',
  easywechat: 'node-easywechat, Redis',
  wafer: 'wafer-node-session, Redis',
} as const
export type Row = keyof typeof ROWS

/**
 * Requests of one round, after a warm-up of half as many. All rows get the same number, so that the
 * compilers and the garbage collectors of all of them have had the same to do.
 */
export const REQUESTS: Readonly<Record<RequestOperation, number>> = {
  check: 1600,
  verify: 1600,
  introspect: 1600,
  login: 1000,
  decrypt: 1200,
  order: 400,
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

export const FULL: Plan = { seconds: 345, rounds: 40, share: 1, slices: 8 }
export const QUICK: Plan = { seconds: 90, rounds: 6, share: 0.4, slices: 4 }

export interface Options {
  readonly isQuick: boolean
  readonly operations: readonly Operation[]
  readonly rows: readonly Row[]
}

const QUICK_FLAG = '--quick'
const ROW_NAMES = Object.keys(ROWS) as Row[]

/**
 * The options of the command line: `--quick`, and names of operations and of rows; all of them without
 * any. The bare Worker is always among the rows.
 *
 * @throws {Error} for any other argument
 * @example
 * parseOptions(['--quick', 'login', 'ours', 'baseline'])
 */
export function parseOptions(args: readonly string[]): Options {
  const known: readonly string[] = [QUICK_FLAG, ...OPERATIONS, ...ROW_NAMES]
  const unknown = args.filter((arg) => !known.includes(arg))
  if (unknown.length > 0) throw new Error(`unknown: ${unknown}. Take ${known.join(', ')}`)
  const choose = <Name extends string>(names: readonly Name[], always: readonly Name[] = []) => {
    const chosen = names.filter((name) => args.includes(name))
    return chosen.length > 0 ? names.filter((name) => [...chosen, ...always].includes(name)) : names
  }
  return {
    isQuick: args.includes(QUICK_FLAG),
    operations: choose(OPERATIONS),
    rows: choose(ROW_NAMES, ['bare', 'again']),
  }
}
