/**
 * The API of the payments Worker as an OpenAPI 3.1 document. `npm run docs` writes it to
 * assets/openapi-pay.json, which the login Worker serves beside its own.
 */

import type { PaymentsErrorCode } from '../../src/pay/errors'
import { toProblemResponses } from '../document'
import { TAGS } from '../operation'
import { SAMPLE_BASE, toSamples } from '../samples'
import type { PayOperation } from './examples'
import { PAY_OPERATIONS } from './operations'
import { PAY_SCHEMAS } from './schemas'
import { PAY_PROBLEM_CODES, PAY_ROWS, type PayCode, toPayWhen } from './texts'

export const PAY_SAMPLE_BASE = 'https://pay.example.com'

const ANYWHERE: readonly PaymentsErrorCode[] = ['misconfigured', 'internal_error']
const FOR_BACKENDS: readonly PaymentsErrorCode[] = [
  'service_key_required',
  'service_key_invalid',
  'not_found',
]
const WITH_BODY: readonly PaymentsErrorCode[] = ['body_too_large', 'unsupported_media_type']

/** The document, in the form of the login's. */
export function payOpenapi() {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of PAY_OPERATIONS) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'code2session-pay',
      version: '0.1.0',
      summary: 'WeChat Pay for mini programs',
      description:
        'Requests and responses are JSON. Amounts are whole fen. Failures are problem documents (RFC 9457), except those of the callback.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: PAY_SAMPLE_BASE, description: 'Your payments Worker' }],
    tags: TAGS.filter(({ name }) => PAY_OPERATIONS.some(({ tag }) => tag === name)),
    paths,
    components: {
      securitySchemes: {
        service: {
          type: 'http',
          scheme: 'bearer',
          description: 'One of `SERVICE_KEYS` of the payments Worker.',
        },
      },
      schemas: PAY_SCHEMAS,
      examples: Object.fromEntries(PAY_PROBLEM_CODES.map((code) => [code, toExample(code)])),
    },
  }
}

function describe(operation: PayOperation) {
  const { id, tag, summary, description, caller, parameters, body, success } = operation
  const samples = toSamples({ ...operation, errors: [] }).map((sample) => ({
    ...sample,
    source: sample.source.replaceAll(SAMPLE_BASE, PAY_SAMPLE_BASE),
  }))
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    security: caller === 'service' ? [{ service: [] }] : [],
    ...(parameters && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: body.schema, example: body.example } },
      },
    }),
    responses: { ...success, ...toFailures(operation) },
    'x-codeSamples': samples,
  }
}

function toFailures({ tag, body, errors }: PayOperation) {
  if (tag === 'Health') return {}
  if (tag === 'WeChat') return toCallbackFailures(['body_too_large', ...errors, ...ANYWHERE])
  const ofBody = body ? WITH_BODY : []
  return toProblemResponses([...FOR_BACKENDS, ...ofBody, ...errors, ...ANYWHERE], PAY_ROWS)
}

/** The same statuses, in the form that WeChat Pay wants. */
function toCallbackFailures(codes: readonly PaymentsErrorCode[]) {
  const responses = Object.entries(toProblemResponses(codes, PAY_ROWS))
  return Object.fromEntries(
    responses.map(([status, { description }]) => {
      const code =
        codes.find((code) => String(PAY_ROWS[code].status) === status) ?? 'internal_error'
      const example = { code: 'FAIL', message: PAY_ROWS[code].title }
      const schema = { $ref: '#/components/schemas/CallbackFailure' }
      return [status, { description, content: { 'application/json': { schema, example } } }]
    }),
  )
}

function toExample(code: PayCode) {
  const { title, status, detail, action } = PAY_ROWS[code]
  const value = { type: `urn:code2session:error:${code}`, title, status, code, detail, action }
  return { summary: title, description: toPayWhen(code, 'en'), value }
}
