/** A failure with its code from the table: one class to throw, one way to render it. */

import { type Action, ERRORS, type ErrorCode, type ErrorRow } from './errors'

/** One thing wrong with a request: where, as a dotted path, and what; never the value. */
export interface FieldError {
  readonly path: string
  readonly message: string
}

/** What a problem tells the log and not the client. */
export interface ProblemLog {
  /** The mini program that WeChat's refusal is about. */
  readonly appid?: string
  /** WeChat's request id, the handle its support asks for. */
  readonly rid?: string | undefined
  /** The settings to look at, each with what is wrong; never their values. */
  readonly settings?: readonly string[]
  /** What happened, from a fixed set of phrases or a platform's own error message. */
  readonly reason?: string
}

interface ProblemOptions {
  readonly detail?: string
  readonly errcode?: number
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
  readonly log?: ProblemLog
}

/** A refusal or failure with its code; anything else that is thrown is an `internal_error`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ErrorCode
  readonly options: ProblemOptions

  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(code)
    this.code = code
    this.options = options
  }

  get row(): ErrorRow {
    return ERRORS[this.code]
  }

  /** For Hono: an app without an error handler of its own answers with this. */
  getResponse(): Response {
    return problemResponse(this)
  }
}

/** What a client sees of a problem. */
export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  readonly action: Action
  readonly errcode?: number
  readonly errors?: readonly FieldError[]
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export function problemDetails({ code, row, options }: Problem): ProblemDetails {
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
  }
}

/** A problem as `application/problem+json`. */
export function problemResponse(problem: Problem): Response {
  const { retryAfter } = problem.row
  return new Response(JSON.stringify(problemDetails(problem)), {
    status: problem.row.status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      ...problem.options.headers,
    },
  })
}

/** An unexpected error as a problem; its log has where it was thrown, but not its message. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { name, stack } = error instanceof Error ? error : new Error('not an Error')
  // The message may quote what was being worked on.
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const reason = [name, ...frames.slice(0, 5).map((frame) => frame.trim())].join(' ')
  return new Problem('internal_error', { log: { reason } })
}
