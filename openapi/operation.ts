/** What an operation of the API consists of, and how to write its parts down. */

import type { ErrorRow } from '../src/core/error-row'
import type { ErrorCode } from '../src/core/errors'
import type { WeChatCall } from '../src/login/wechat/errcodes'
import type { SCHEMAS } from './login/schemas'
import type { PAY_SCHEMAS } from './pay/schemas'

/** The groups of operations, in the order of the page. */
export const TAGS = [
  { name: 'Mini program', description: 'The mini program calls these.' },
  {
    name: 'Backend',
    description: 'Your other services call these with a service key, which must not be on a phone.',
  },
  { name: 'WeChat', description: 'WeChat calls these when you enter them as the push URL.' },
  { name: 'Health', description: 'Anyone may call this.' },
] as const

/** The media type of a form. */
export const FORM = 'application/x-www-form-urlencoded'
/** Whatever WeChat takes and gives. */
export const ANYTHING = '*/*'

interface Body {
  /** The media type; JSON if absent. */
  readonly type?: typeof FORM | typeof ANYTHING
  readonly schema: object
  readonly example: unknown
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description: string
  readonly schema: object
  readonly example: string
}

interface Success {
  readonly description: string
  readonly headers?: Readonly<Record<string, { description: string; schema: object }>>
  readonly content?: Readonly<Record<string, { schema: object; example: unknown }>>
}

type SchemaName = keyof typeof SCHEMAS | keyof typeof PAY_SCHEMAS

export interface Operation<Code extends string = ErrorCode, Call extends string = WeChatCall> {
  readonly id: string
  readonly method: 'get' | 'post' | 'delete'
  readonly path: string
  readonly tag: (typeof TAGS)[number]['name']
  /**
   * `oauth` is a service that can send its key by HTTP Basic or in the form as well; `gateway` sends
   * its own key beside the token of a session.
   */
  readonly caller: 'anyone' | 'session' | 'service' | 'oauth' | 'gateway'
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly body?: Body
  /** By status. */
  readonly success: Readonly<Record<string, Success>>
  /** The RPC method that does the same. */
  readonly rpc?: string
  /** What it asks of WeChat. */
  readonly calls?: readonly Call[]
  /** Besides those that its caller, its body and its calls bring along. */
  readonly errors?: readonly Code[]
  /** The content of its failures, where WeChat wants another than problem documents. */
  readonly toFailure?: (errors: readonly { readonly row: ErrorRow }[]) => object
}

export function ref(name: SchemaName) {
  return { $ref: `#/components/schemas/${name}` }
}

/** A 200 with JSON of this schema. */
export function json(
  name: SchemaName,
  example: unknown,
  description = 'OK',
): Record<string, Success> {
  const content = { 'application/json': { schema: ref(name), example } }
  return { 200: { description, content } }
}

/** A 200 with text. */
export function plainText(description: string, example: string): Record<string, Success> {
  const content = { 'text/plain': { schema: { type: 'string' }, example } }
  return { 200: { description, content } }
}

export function noContent(description: string): Record<string, Success> {
  return { 204: { description } }
}

/** A parameter of the path is always required, one of the query never. */
export function parameter(
  name: string,
  where: 'path' | 'query',
  description: string,
  example: string,
): Parameter {
  const required = where === 'path'
  return { name, in: where, required, description, schema: { type: 'string' }, example }
}

/** `GET /health`, which both APIs have. */
export function health(description: string): Operation<never, never> {
  return {
    id: 'health',
    method: 'get',
    path: '/health',
    tag: 'Health',
    caller: 'anyone',
    summary: 'Check that the Worker runs',
    description,
    success: json('Health', { status: 'ok' }, 'The Worker runs'),
  }
}
