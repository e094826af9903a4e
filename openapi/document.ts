/** An API as an OpenAPI 3.1 document. */

import { type Api, type ApiError, listErrorsOf, listProblems } from './api'
import { type Operation, TAGS } from './operation'
import { toSamples } from './samples'
import { problem } from './schemas'

/** The security schemes of each kind of caller, any of which will do. */
const SECURITY = {
  anyone: [],
  session: [{ session: [] }],
  service: [{ service: [] }],
  // The last one is no header, with the key in the form.
  oauth: [{ service: [] }, { basic: [] }, {}],
  gateway: [{ gateway: [], session: [] }],
} as const

/**
 * The document. Each error code is an example among its components, with when it occurs as
 * description.
 */
export function toDocument(api: Api) {
  const { title, summary, description, server, operations, schemas, securitySchemes } = api
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method]: describe(api, operation) }
  }
  const problems = listProblems(api)
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '0.1.0',
      summary,
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [server],
    tags: TAGS.filter(({ name }) => operations.some(({ tag }) => tag === name)),
    paths,
    components: {
      securitySchemes,
      schemas: { Problem: problem(problems.map(({ code }) => code)), ...schemas },
      examples: Object.fromEntries(problems.map((error) => [error.code, toExample(error)])),
    },
  }
}

function describe(api: Api, operation: Operation<string, string>) {
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
    responses: { ...success, ...toFailures(api, operation) },
    'x-codeSamples': toSamples(operation, api.sampleBase),
  }
}

/** One response for each status, with one example for each code. */
function toFailures(api: Api, operation: Operation<string, string>) {
  const byStatus = Object.groupBy(listErrorsOf(api, operation), ({ row }) => row.status)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, errors = []]) => {
      const description = errors.map(({ code, row }) => `\`${code}\`: ${row.title}`).join('; ')
      return [status, { description, content: (operation.toFailure ?? toProblems)(errors) }]
    }),
  )
}

function toProblems(errors: readonly ApiError[]) {
  const examples = errors.map(({ code }) => [code, { $ref: `#/components/examples/${code}` }])
  return {
    'application/problem+json': {
      schema: { $ref: '#/components/schemas/Problem' },
      examples: Object.fromEntries(examples),
    },
  }
}

function toExample({ code, row, when, errcode }: ApiError) {
  const { title, status, detail, action } = row
  const type = `urn:code2session:error:${code}`
  const problem = { type, title, status, code, detail, action }
  const value = errcode === undefined ? problem : { ...problem, errcode }
  return { summary: title, description: when.en, value }
}
