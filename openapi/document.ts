/**
 * The API as an OpenAPI 3.1 document. It is not in the Worker: `npm run docs` writes it to
 * assets/openapi.json, which is served as a static file.
 */

import { ERRORS, type ErrorCode, type ErrorRow } from '../src/core/errors'
import { ERRCODES } from '../src/login/wechat/errcodes'
import { OPERATIONS } from './login/operations'
import { SCHEMAS } from './login/schemas'
import { ANYTHING, type Operation, TAGS } from './operation'
import { SAMPLE_BASE, toSamples } from './samples'
import { toWhen } from './tables'

/** Any operation can fail with these. */
const ANYWHERE: readonly ErrorCode[] = ['misconfigured', 'internal_error']
const SERVICE_ERRORS = ['service_key_required', 'service_key_invalid', 'not_found'] as const
/** The security schemes of each kind of caller, any of which will do. */
const SECURITY = {
  anyone: [],
  session: [{ session: [] }],
  service: [{ service: [] }],
  oauth: [{ service: [] }, { basic: [] }],
} as const
/** The errors of each kind of caller. */
const BY_CALLER = {
  anyone: [],
  session: ['session_required', 'session_invalid', 'store_unavailable'],
  service: SERVICE_ERRORS,
  oauth: SERVICE_ERRORS,
} as const satisfies Record<string, readonly ErrorCode[]>
const WITH_BODY: readonly ErrorCode[] = ['invalid_request', 'body_too_large']

/**
 * The document. Each error code is an example among its components, with when it occurs as
 * description.
 */
export function openapi() {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of OPERATIONS) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'code2session',
      version: '0.1.0',
      summary: 'The login backend of WeChat Mini Programs',
      description:
        'Requests and responses are JSON. Every failure is a problem document (RFC 9457) with a `code`, and an `action` that says what to do next.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This server', 'x-sample-base': SAMPLE_BASE }],
    tags: TAGS,
    paths,
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'The token of `POST /login`.' },
        service: { type: 'http', scheme: 'bearer', description: 'One of `SERVICE_KEYS`.' },
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'Any user name, with one of `SERVICE_KEYS` as password.',
        },
      },
      schemas: SCHEMAS,
      examples: Object.fromEntries(
        Object.keys(ERRORS).map((code) => [code, toExample(code as ErrorCode)]),
      ),
    },
  }
}

function describe(operation: Operation) {
  const { id, tag, summary, description, caller, parameters, body, success } = operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    security: SECURITY[caller],
    ...(parameters && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          [body.type ?? 'application/json']: { schema: body.schema, example: body.example },
        },
      },
    }),
    responses: { ...success, ...toProblemResponses(toErrorCodes(operation), ERRORS) },
    'x-codeSamples': toSamples(operation),
  }
}

function toErrorCodes({ id, tag, caller, body, errors }: Operation): readonly ErrorCode[] {
  if (id === 'health') return []
  const ofBody: readonly ErrorCode[] = body ? WITH_BODY : []
  // WeChat's pushes, and what goes through to WeChat, may have any Content-Type.
  const isTyped = body && tag !== 'WeChat' && body.type !== ANYTHING
  const ofType: readonly ErrorCode[] = isTyped ? ['unsupported_media_type'] : []
  return [...BY_CALLER[caller], ...ofBody, ...ofType, ...errors, ...ANYWHERE]
}

/**
 * One response for each status, with one example for each code.
 *
 * @param rows The table that has these codes
 */
export function toProblemResponses<Code extends string>(
  codes: readonly Code[],
  rows: Readonly<Record<Code, ErrorRow>>,
) {
  const byStatus = new Map<number, Code[]>()
  for (const code of new Set(codes)) {
    const { status } = rows[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${rows[code].title}`).join('; '),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
            ),
          },
        },
      },
    ]),
  )
}

function toExample(code: ErrorCode) {
  const { title, status, detail, action } = ERRORS[code]
  const row = ERRCODES.find((row) => row.code === code)
  const problem = { type: `urn:code2session:error:${code}`, title, status, code, detail, action }
  const value = row ? { ...problem, errcode: row.errcode } : problem
  return { summary: title, description: toWhen(code, 'en'), value }
}
