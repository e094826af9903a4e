/** What the documents know of an API, and which errors its operations have. */

import type { ErrorRow } from '../src/core/error-row'
import type { ErrorCode } from '../src/core/errors'
import { ANYTHING, type Operation } from './operation'
import type { Text } from './texts'

export interface Api {
  readonly title: string
  readonly summary: string
  readonly description: string
  /** An object of `servers`. */
  readonly server: object
  /** The base URL in the samples. */
  readonly sampleBase: string
  readonly securitySchemes: object
  readonly operations: readonly Operation<string, string>[]
  readonly schemas: object
  /** Its errors in the order of the documents; some may be of no operation. */
  readonly errors: readonly ApiError[]
  readonly refusals: readonly Refusal[]
  /** The names of the calls to WeChat. */
  readonly calls: Readonly<Record<string, Text>>
  /** The errors of every call besides those that WeChat's refusals stand for. */
  readonly ofEveryCall: readonly string[]
  readonly errorTable: TableHead
  readonly refusalTable: TableHead
}

export interface ApiError {
  readonly code: string
  readonly row: ErrorRow
  readonly when: Text
  /** WeChat's code in the example. */
  readonly errcode?: number | undefined
}

/** What one of WeChat's own error codes stands for. */
export interface Refusal {
  /** WeChat's code, as a table shows it. */
  readonly name: string
  readonly code: string
  /** The calls on which it means this; if absent, all but those of its other rows. */
  readonly calls: readonly string[] | undefined
  readonly whatToDo: Text
}

/** A generated table: its markers in a document are `<!-- name:begin -->` and `<!-- name:end -->`. */
interface TableHead {
  readonly name: string
  readonly header: Text
}

const OF_SERVICE: readonly ErrorCode[] = [
  'service_key_required',
  'service_key_invalid',
  'not_found',
]
/** Where it cannot be found out whose token it is. */
export const OF_LOOKUP: readonly ErrorCode[] = ['store_unavailable', 'hook_unavailable']
const OF_SESSION: readonly ErrorCode[] = ['session_required', 'session_invalid', ...OF_LOOKUP]
/** The errors of each kind of caller. */
const BY_CALLER: Readonly<Record<Operation['caller'], readonly ErrorCode[]>> = {
  anyone: [],
  session: OF_SESSION,
  service: OF_SERVICE,
  oauth: OF_SERVICE,
  gateway: ['gateway_key_invalid', 'not_found', ...OF_SESSION],
}
const WITH_BODY: readonly ErrorCode[] = ['invalid_request', 'body_too_large']
const ANYWHERE: readonly ErrorCode[] = ['misconfigured', 'internal_error']
/** No operation has it: it is the response to a method that a path does not have. */
const OF_NO_OPERATION: ErrorCode = 'method_not_allowed'

/** The errors of an operation. */
export function listErrorsOf(
  api: Api,
  { tag, method, caller, body, calls = [], errors = [] }: Operation<string, string>,
): readonly ApiError[] {
  if (tag === 'Health') return []
  // WeChat's pushes, and what goes through to WeChat, may have any Content-Type.
  const isTyped = body && tag !== 'WeChat' && body.type !== ANYTHING
  const codes = new Set([
    ...BY_CALLER[caller],
    ...(body ? WITH_BODY : []),
    ...(isTyped ? ['unsupported_media_type'] : []),
    ...calls.flatMap((call) => listRefusalsOf(api, call)),
    ...(calls.length > 0 ? api.ofEveryCall : []),
    ...errors,
    ...ANYWHERE,
  ])
  // A session ends whatever has become of its mini program.
  if (method === 'delete') codes.delete('hook_unavailable')
  return api.errors.filter(({ code }) => codes.has(code))
}

/** The errors that WeChat's refusals of a call stand for. */
function listRefusalsOf({ refusals }: Api, call: string): readonly string[] {
  const named = refusals.filter(({ calls }) => calls?.includes(call))
  const names = new Set(named.map(({ name }) => name))
  const others = refusals.filter(({ calls, name }) => !calls && !names.has(name))
  return [...named, ...others].map(({ code }) => code)
}

/** The errors of these operations, and `method_not_allowed`. */
export function listErrors(api: Api, operations = api.operations): readonly ApiError[] {
  const possible = new Set(operations.flatMap((operation) => listErrorsOf(api, operation)))
  return api.errors.filter((error) => possible.has(error) || error.code === OF_NO_OPERATION)
}

/** The errors that come as problem documents: all but those of callbacks alone. */
export function listProblems(api: Api): readonly ApiError[] {
  return listErrors(
    api,
    api.operations.filter(({ toFailure }) => !toFailure),
  )
}
