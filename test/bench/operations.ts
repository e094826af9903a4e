/** What is measured: the operations, the rows of each, and how much of it a round takes. */

/** In the order of the tables. The requests are the Worker's; the other libraries have their own paths. */
export const DESCRIPTIONS = {
  check: '`GET /session`',
  verify: '`LOGIN.verify()` over RPC',
  introspect: '`POST /introspect`',
  issue: '`POST /session/access-token`',
  'introspect-jwt': '`POST /introspect` of a JWT access token',
  login: '`POST /login`',
  decrypt: '`POST /open-data/decrypt`',
  order: '`POST /payments`',
  'cold-start': 'from the start of workerd to its first response',
} as const
export type Operation = keyof typeof DESCRIPTIONS
export const OPERATIONS = Object.keys(DESCRIPTIONS) as Operation[]

/** The commit of 2026-11-26 that the goals are set against. */
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
export const ROW_NAMES = Object.keys(ROWS) as Row[]

export interface Plan {
  /** The whole run ends before this. */
  readonly seconds: number
  readonly rounds: number
  /** Of each row and operation in a round, after a warm-up of half as many. */
  readonly requests: number
  /** In so many parts is each measurement of a round taken. A part of a cold start is one start. */
  readonly slices: number
}

export const FULL: Plan = { seconds: 345, rounds: 40, requests: 1280, slices: 8 }
export const QUICK: Plan = { seconds: 90, rounds: 6, requests: 640, slices: 4 }

export interface Options {
  readonly isQuick: boolean
  readonly operations: readonly Operation[]
  readonly rows: readonly Row[]
}

/** What the command line takes. */
export const NAMES: readonly string[] = ['--quick', ...OPERATIONS, ...ROW_NAMES]

/**
 * The options of the command line: `--quick`, and names of operations and of rows; all of them without
 * any. The bare Worker is always among the rows. `null` for any other argument.
 */
export function parseOptions(args: readonly string[]): Options | null {
  if (args.some((arg) => !NAMES.includes(arg))) return null
  const choose = <Name extends string>(names: readonly Name[], always: readonly string[]) => {
    const isAny = names.some((name) => args.includes(name))
    return names.filter((name) => !isAny || args.includes(name) || always.includes(name))
  }
  return {
    isQuick: args.includes('--quick'),
    operations: choose(OPERATIONS, []),
    rows: choose(ROW_NAMES, ['bare', 'again']),
  }
}
