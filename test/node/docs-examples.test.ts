/** The requests and responses in the documents, against the schemas of the operations. */

import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Api, listErrorsOf, listProblems } from '../../openapi/api'
import { LOGIN_API } from '../../openapi/login/api'
import type { Operation } from '../../openapi/operation'
import { PAY_API } from '../../openapi/pay/api'
import { problem } from '../../openapi/schemas'
import { readCurl } from '../support/curl'
import { findViolations } from '../support/json-schema'
import { type CodeBlock, readMarkdown } from '../support/markdown'

const DOCUMENTS = ['README.md', ...globSync('docs/*.md'), ...globSync('examples/*/README.md')]

interface Known {
  readonly api: Api
  readonly operation: Operation<string, string>
}

/** The operation of a request. Fails the test if there is none. */
function requireOperation(method: string, path: string): Known {
  for (const api of [LOGIN_API, PAY_API]) {
    const operation = api.operations.find(({ method: own, path: template }) => {
      const pattern = template.replace('{path}', '.+').replace(/\{\w+\}/g, '[^/]+')
      return own === method.toLowerCase() && new RegExp(`^${pattern}$`).test(path)
    })
    if (operation) return { api, operation }
  }
  throw new Error(`there is no operation ${method} ${path}`)
}

/** A schema that knows all fields: an example must not have others. */
function close(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(close)
  const closed = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, close(value)]),
  )
  return 'properties' in closed ? { additionalProperties: false, ...closed } : closed
}

const toRequests = ({ body }: Known['operation']) => (body ? [body.schema] : [])

const toResponses = ({ success }: Known['operation']) =>
  Object.values(success).flatMap(({ content = {} }) =>
    Object.values(content).map(({ schema }) => schema),
  )

const isProblem = (value: object) => 'type' in value && String(value.type).startsWith('urn:')

/** Expects that a value fits one of these schemas, which know all of its fields. */
function expectFit(api: Api, schemas: readonly object[], value: unknown): void {
  const closed = { schemas: Object(close(api.schemas)) }
  const violations = schemas.map((schema) => findViolations(closed, Object(close(schema)), value))
  if (!violations.includes(null)) expect(violations, JSON.stringify(value)).toContain(null)
}

describe('the JSON in the documents', () => {
  it.each(['docs/api.md', 'docs/zh-CN/api.md'])(
    'every JSON example in %s is a request or a response of the operation that is named before it',
    (path) => {
      const [start = '', ...parts] = readFileSync(path, 'utf8').split('```json\n')
      let before = start
      for (const part of parts) {
        const mentions = [...before.matchAll(/`(GET|POST|DELETE) (\/[^`\s]*)`/g)]
        const [, method = '', request = ''] = mentions.at(-1) ?? []
        const { api, operation } = requireOperation(method, request)
        const [source = ''] = part.split('```')
        const value = JSON.parse(source)
        const codes = listProblems(api).map(({ code }) => code)
        const schemas = [...toRequests(operation), ...toResponses(operation)]
        expectFit(api, isProblem(value) ? [problem(codes)] : schemas, value)
        before += part
      }
      expect(parts.length).toBeGreaterThan(5)
    },
  )
})

interface Command {
  readonly source: string
  /** What the document shows below it. */
  readonly output: string
}

const OURS = /localhost:8787|\$api|\$pay|(?:login|pay)\.example\.com|workers\.dev/
/** Paths of the sandbox and of the example shop, which no operation has. */
const ELSEWHERE = /\/(?:sandbox|shop)\//

/** The `curl` commands of a block that call an operation. */
function listCommands({ language, source }: CodeBlock): Command[] {
  const isConsole = language === 'console'
  const parts = isConsole ? source.split(/^\$ /m) : source.replaceAll('\\\n', '').split('\n')
  return parts
    .map((part) => {
      const [command = '', ...output] = part.split('\n')
      return { source: command.replace(/ \|$/, ''), output: output.join('\n').trim() }
    })
    .filter(({ source }) => source.startsWith('curl ') && OURS.test(source))
    .filter(({ source }) => !ELSEWHERE.test(source))
}

/** The variables in the commands. */
const ENV = {
  TOKEN: 'a-token',
  SERVICE_KEY: 'a-key',
  USER_ID: 'a'.repeat(43),
  CODE: 'a-code',
  NUMBER: 'T00001',
  PARAMETERS: '"signType":"RSA"',
}

describe('the curl commands in the documents', () => {
  const commands = DOCUMENTS.flatMap((path) => {
    const blocks = readMarkdown(path).codeBlocks
    const lines = blocks.flatMap(({ source }) => source.match(/^\w+=(?:"[^"]*"|\S*)$/gm) ?? [])
    const assignments = lines.filter((line) => !line.includes('$('))
    return blocks.flatMap(listCommands).map((command) => ({ ...command, path, assignments }))
  })

  it.each(commands)(
    '$path has a request of the API, and its response: $source',
    ({ source, output, assignments }) => {
      const request = readCurl([...assignments, source].join('\n'), ENV)
      const { pathname } = new URL(request.url.replace(/^(?!https?:)/, 'http://'))
      const { api, operation } = requireOperation(request.method, pathname)
      if (request.body !== null) expectFit(api, toRequests(operation), request.body)
      const [, status] = /^HTTP\/1\.1 (\d+)/.exec(output) ?? []
      if (status) expect(Object.keys(operation.success)).toContain(status)
      if (!output.startsWith('{')) return
      const value = JSON.parse(output)
      const codes = listErrorsOf(api, operation).map(({ code }) => code)
      expectFit(api, isProblem(value) ? [problem(codes)] : toResponses(operation), value)
    },
  )
})
