/** A failure with its code from the error table: one class to throw, one response to it. */

import { toSentJson } from '../lib/json'
import type { Action, ErrorRow } from './error-row'
import { ERRORS, type ErrorCode } from './errors'

/** One problem in a request: where, as a dotted path, and what; never the value. */
export interface FieldError {
  readonly path: string
  readonly message: string
}

/** Fields of a problem that are logged but never sent. */
export interface ProblemLog {
  /** The mini program that WeChat's refusal concerns. */
  readonly appid?: string | undefined
  /** WeChat's request id, the handle its support asks for. */
  readonly rid?: string | undefined
  /** The settings to correct, each with what is wrong; never their values. */
  readonly settings?: readonly string[]
  /** What happened, from a fixed set of phrases or a platform's own error message. */
  readonly reason?: string
}

interface ProblemOptions {
  readonly detail?: string
  readonly errcode?: number
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
  /** The code of an OAuth endpoint's failure (RFC 6749 section 5.2). */
  readonly oauthError?: string
  readonly log?: ProblemLog
}

/**
 * A refusal or failure with its code. Any other error that is thrown becomes `internal_error`.
 *
 * @example
 * app.onError((error, c) =>
 *   error instanceof Problem ? error.getResponse() : c.json({ error: 'unexpected' }, 500),
 * )
 */
export class Problem<Code extends string = ErrorCode> extends Error {
  override readonly name = 'Problem'
  readonly code: Code
  readonly options: ProblemOptions
  readonly row: ErrorRow

  /** @param row The row of a code that is in another error table than `ERRORS` */
  constructor(code: Code, options: ProblemOptions = {}, row: ErrorRow = findRow(code)) {
    super(code)
    this.code = code
    this.options = options
    this.row = row
  }

  /** The same problem with further options, which replace those of the same name. */
  with(options: ProblemOptions): Problem<Code> {
    return new Problem(this.code, { ...this.options, ...options }, this.row)
  }

  /** For Hono, which responds with this where an app has no error handler of its own. */
  getResponse(): Response {
    return problemResponse(this)
  }
}

/**
 * What a client sees of a problem: RFC 9457's members, and `code`, `action`, `errcode`, `errors`; and
 * `error` from `POST /introspect` and `POST /revoke`, as OAuth clients read it.
 *
 * @example
 * const { code, action } = (await response.json()) as ProblemDetails
 */
export interface ProblemDetails<Code extends string = ErrorCode> {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: Code
  readonly detail: string
  readonly action: Action
  readonly errcode?: number
  readonly errors?: readonly FieldError[]
  readonly error?: string
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export function problemDetails<Code extends string>({
  code,
  row,
  options,
}: Problem<Code>): ProblemDetails<Code> {
  const { status, title, action } = row
  return {
    type: `urn:code2session:error:${code}`,
    title,
    status,
    code,
    detail: options.detail ?? row.detail,
    action,
    ...(options.errcode !== undefined && { errcode: options.errcode }),
    ...(options.errors && { errors: options.errors }),
    ...(options.oauthError !== undefined && { error: options.oauthError }),
  }
}

/** A request with one field that is wrong, or with `''` as path, that is wrong as a whole. */
export function invalidRequest(path: string, message: string): Problem {
  return new Problem('invalid_request', { errors: [{ path, message }] })
}

/** A message from outside that is not believed. The log says why, without a value of it. */
export function eventRefused(what: string): Problem {
  return new Problem('event_refused', { log: { reason: `refused: ${what}` } })
}

/** The headers of every response. */
export const RESPONSE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
} as const

/** A problem as `application/problem+json`. */
export function problemResponse(problem: Problem<string>): Response {
  const { retryAfter, challenge } = problem.row
  return new Response(toSentJson(problemDetails(problem)), {
    status: problem.row.status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...RESPONSE_HEADERS,
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
      ...problem.options.headers,
    },
  })
}

/** Any error as a problem. The log of an unexpected one says where it was thrown, not its message. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { name, stack } = error instanceof Error ? error : new Error('not an Error')
  // The message may quote what was being worked on.
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const reason = [name, ...frames.slice(0, 5).map((frame) => frame.trim())].join(' ')
  return new Problem('internal_error', { log: { reason } })
}

function findRow(code: string): ErrorRow {
  const rows: Readonly<Record<string, ErrorRow>> = ERRORS
  return rows[code] ?? ERRORS.internal_error
}
