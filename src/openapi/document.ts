/**
 * The API as an OpenAPI 3.1 document. It is not in the Worker: the tests write it to
 * assets/openapi.json, which is served as a static file.
 */

import { ERRORS, type ErrorCode } from '../errors'
import { ERRCODES } from '../wechat/errcodes'
import { OPERATIONS, type Operation } from './operations'
import { SCHEMAS } from './schemas'

/** Any operation can meet these. */
const ANYWHERE: readonly ErrorCode[] = ['misconfigured', 'internal_error']
/** What else a kind of caller can meet. */
const BY_CALLER = {
  anyone: [],
  session: ['session_required', 'session_invalid', 'rate_limited', 'store_unavailable'],
  service: ['service_key_required', 'service_key_invalid', 'rate_limited', 'not_found'],
} as const satisfies Record<string, readonly ErrorCode[]>
/** What every request with a body can meet. */
const WITH_BODY: readonly ErrorCode[] = [
  'invalid_request',
  'body_too_large',
  'unsupported_media_type',
]

/** The document; `path -> method -> operation` in the order of {@link OPERATIONS}. */
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
        'JSON in and out. Failures are problem details (RFC 9457), whose action says what to do next.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'this server' }],
    tags: [
      { name: 'mini program', description: 'For the mini program.' },
      { name: 'backend', description: 'For your other services.' },
      { name: 'WeChat', description: 'For WeChat itself.' },
    ],
    paths,
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'The token of `POST /login`.' },
        service: { type: 'http', scheme: 'bearer', description: 'One of `SERVICE_KEYS`.' },
      },
      schemas: SCHEMAS,
    },
  }
}

function describe(operation: Operation) {
  const { id, tag, summary, description, caller, parameters, body, success, errors } = operation
  const codes = [...BY_CALLER[caller], ...(body ? WITH_BODY : []), ...errors, ...ANYWHERE]
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    security: caller === 'anyone' ? [] : [{ [caller]: [] }],
    ...(parameters && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          [body.type ?? 'application/json']: { schema: body.schema, example: body.example },
        },
      },
    }),
    responses: { ...success, ...problems(id === 'health' ? [] : codes) },
  }
}

/** One response for each status; one example for each code. */
function problems(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = ERRORS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
          },
        },
      },
    ]),
  )
}

function example(code: ErrorCode) {
  const row = ERRORS[code]
  const { title, status, detail, action } = row
  const errcode = ERRCODES.find((errcodeRow) => errcodeRow.code === code)?.errcode
  const problem = { type: `urn:code2session:error:${code}`, title, status, code, detail, action }
  return errcode === undefined ? problem : { ...problem, errcode }
}
