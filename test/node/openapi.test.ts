/** What `npm run docs` writes: openapi.json, and the generated tables of the documents. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { openapi } from '../../openapi/document'
import { OPERATIONS } from '../../openapi/login/operations'
import { SCHEMAS } from '../../openapi/login/schemas'
import { type Language, WHAT_TO_DO } from '../../openapi/login/texts'
import { FORM } from '../../openapi/operation'
import { SAMPLE_BASE, toSamples } from '../../openapi/samples'
import { replaceTable, toErrcodeTable, toErrorTable } from '../../openapi/tables'
import { ERRORS } from '../../src/core/errors'
import { MAX_LENGTH } from '../../src/login/http/bodies'
import { ERRCODES } from '../../src/login/wechat/errcodes'

const document = openapi()

const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'api', components: { schemas: SCHEMAS } })

/** What an example or an answer has against a schema of the document. */
function violations(schema: object, value: unknown): unknown {
  const text = JSON.stringify(schema).replaceAll('"#/', '"api#/')
  const validate = ajv.compile(JSON.parse(text))
  return validate(value) ? null : validate.errors
}

/** Every object within a value. */
function* objectsWithin(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  yield value as Record<string, unknown>
  for (const member of Object.values(value)) yield* objectsWithin(member)
}

describe('openapi.json', () => {
  it('openapi.json is what the generator writes from the operations, the schemas and the error table', async () => {
    const text = `${JSON.stringify(document, null, 2)}\n`
    await expect(text).toMatchFileSnapshot('../../src/assets/openapi.json')
  })

  it('openapi.json is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document))
    expect(result).toEqual({ valid: true })
  })

  it('openapi.json has every error code as an example, and every reference resolves', () => {
    expect(Object.keys(document.components.examples)).toEqual(Object.keys(ERRORS))
    for (const { $ref } of objectsWithin(document)) {
      if (typeof $ref !== 'string') continue
      const path = $ref.replace('#/', '').split('/')
      const target = path.reduce<unknown>((at, key) => Object(at)[key], document)
      expect(target, $ref).toBeTypeOf('object')
    }
  })

  it('some operation has each error code, except method_not_allowed', () => {
    const paths = JSON.stringify(document.paths)
    const missing = Object.keys(ERRORS).filter((code) => !paths.includes(`"${code}":`))
    expect(missing).toEqual(['method_not_allowed'])
  })

  it('no two operations have the same id', () => {
    const ids = OPERATIONS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('a schema with a const or an enum states its type', () => {
    const values = [...objectsWithin(SCHEMAS)].filter((schema) => schema.const ?? schema.enum)
    expect(values.length).toBeGreaterThan(5)
    for (const schema of values) expect(schema).toMatchObject({ type: 'string' })
  })

  it('every field that a request schema limits has the same limit in openapi.json', () => {
    const { LoginRequest, SignedData, EncryptedData, PhoneNumberRequest, SubscribeMessage } =
      JSON.parse(JSON.stringify(SCHEMAS))
    const { code, appid, signature, openid, templateId, page, messageField } = MAX_LENGTH
    expect(LoginRequest.properties).toMatchObject({
      code: { maxLength: code },
      appid: { maxLength: appid },
    })
    expect(SignedData.properties.signature.maxLength).toBe(signature)
    expect(EncryptedData.properties.signature.maxLength).toBe(signature)
    expect(PhoneNumberRequest.properties.code.maxLength).toBe(code)
    expect(SubscribeMessage.properties).toMatchObject({
      appid: { maxLength: appid },
      openid: { maxLength: openid },
      templateId: { maxLength: templateId },
      page: { maxLength: page },
      data: { additionalProperties: { maxLength: messageField } },
    })
  })

  it.each(OPERATIONS)(
    'the examples of $method $path fit their schemas',
    ({ body, success, parameters = [] }) => {
      if (body) expect(violations(body.schema, body.example)).toBeNull()
      for (const { schema, example } of parameters) expect(violations(schema, example)).toBeNull()
      for (const { content = {} } of Object.values(success)) {
        for (const { schema, example } of Object.values(content)) {
          expect(violations(schema, example)).toBeNull()
        }
      }
    },
  )
})

/** What a `curl` command sends, as a shell splits it into words. */
function readCurl(source: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${source}`
  const env = { TOKEN: 'the-token', SERVICE_KEY: 'the-key' }
  const output = execFileSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' })
  return output.split('\0').slice(0, -1)
}

type AsyncFunctionConstructor = new (...source: string[]) => (...values: unknown[]) => Promise<void>
const AsyncFunction = (async () => {}).constructor as AsyncFunctionConstructor

/** What a sample in JavaScript passes to `wx.request` or `fetch`. */
async function readCall(source: string): Promise<Record<string, unknown>> {
  let call: Record<string, unknown> = {}
  const wx = { request: (options: object) => Object.assign(call, options) }
  const fetch = async (url: string, options: object) => {
    call = { url, ...options }
    return Response.json({})
  }
  const process = { env: { SERVICE_KEY: 'the-key' } }
  const console = { log: () => {} }
  const run = new AsyncFunction('wx', 'fetch', 'process', 'console', 'token', source)
  await run(wx, fetch, process, console, 'the-token')
  return call
}

describe('the samples of an operation', () => {
  const findSample = (id: string, label: string) => {
    const operation = OPERATIONS.find((operation) => operation.id === id)
    const sample = operation && toSamples(operation).find((sample) => sample.label === label)
    if (!sample) throw new Error(`${id} has no sample ${label}`)
    return sample.source
  }

  it.each(OPERATIONS)(
    'a shell reads the curl sample of $method $path as it is meant',
    (operation) => {
      const words = readCurl(findSample(operation.id, 'curl'))
      const url = words.find((word) => word.startsWith(SAMPLE_BASE)) ?? ''
      expect(new URL(url).pathname).toMatch(
        new RegExp(`^${operation.path.replace(/\{\w+\}/, '[\\w/-]+')}$`),
      )
      const service = ['the-key']
      const credential = { anyone: [], session: ['the-token'], service, oauth: service }
      expect(words.filter((word) => word.startsWith('Authorization'))).toEqual(
        credential[operation.caller].map((secret) => `Authorization: Bearer ${secret}`),
      )
      const json = words[words.indexOf('--json') + 1] ?? ''
      if (operation.body && operation.body.type !== FORM) {
        expect(JSON.parse(json)).toEqual(operation.body.example)
      }
    },
  )

  it('the wx.request sample of a login has the method and the body of its example', async () => {
    expect(await readCall(findSample('login', 'wx.request'))).toMatchObject({
      url: `${SAMPLE_BASE}/login`,
      method: 'POST',
      data: { code: '0F12tJcYbpXnTqrMXMFLUKIcMqw2coH9' },
    })
  })

  it('the wx.request sample of an operation with a session has the token', async () => {
    expect(await readCall(findSample('endSession', 'wx.request'))).toMatchObject({
      method: 'DELETE',
      header: { Authorization: 'Bearer the-token' },
    })
  })

  it('the fetch sample of an introspection sends a form with the service key', async () => {
    const { headers, body } = await readCall(findSample('introspect', 'fetch'))
    expect(headers).toEqual({ Authorization: 'Bearer the-key' })
    expect(String(body)).toMatch(/^token=\w/)
  })

  it('the fetch sample of a subscribe message sends JSON', async () => {
    const { headers, body } = await readCall(findSample('sendSubscribeMessage', 'fetch'))
    expect(headers).toMatchObject({ 'Content-Type': 'application/json' })
    expect(JSON.parse(String(body))).toMatchObject({ data: { thing1: 'Your order' } })
  })

  it('no operation with a service key has a sample for a mini program', () => {
    for (const operation of OPERATIONS.filter(({ tag }) => tag === 'Backend')) {
      expect(toSamples(operation).map(({ label }) => label)).toEqual(['curl', 'fetch'])
    }
  })
})

describe('the tables of the documents', () => {
  const FOLDERS: [Language, string][] = [
    ['en', 'docs'],
    ['zh', 'docs/zh-CN'],
  ]

  it.each(FOLDERS)(
    'the error table in %s is what the generator writes',
    async (language, folder) => {
      const path = `${folder}/api.md`
      const text = replaceTable(readFileSync(path, 'utf8'), 'errors', toErrorTable(language))
      await expect(text).toMatchFileSnapshot(`../../${path}`)
    },
  )

  it.each(FOLDERS)(
    'the errcode table in %s is what the generator writes',
    async (language, folder) => {
      const path = `${folder}/troubleshooting.md`
      const text = replaceTable(readFileSync(path, 'utf8'), 'errcodes', toErrcodeTable(language))
      await expect(text).toMatchFileSnapshot(`../../${path}`)
    },
  )

  it.each(FOLDERS)('the error table in %s has one row for each code', (language) => {
    const codes = [...toErrorTable(language).matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code)
    expect(codes).toEqual(Object.keys(ERRORS))
  })

  it.each(FOLDERS)('the errcode table in %s has every errcode', (language) => {
    const cells = [...toErrcodeTable(language).matchAll(/^\| (-?\d[\d, -]*) \|/gm)]
    const errcodes = cells.flatMap(([, cell = '']) => cell.split(', ').map(Number))
    expect(errcodes.toSorted()).toEqual(ERRCODES.map(({ errcode }) => errcode).toSorted())
  })

  it.each(FOLDERS)('docs/api.md in %s says the same about each action', (language, folder) => {
    const text = readFileSync(`${folder}/api.md`, 'utf8')
    for (const [action, { [language]: whatToDo }] of Object.entries(WHAT_TO_DO)) {
      expect(text).toContain(`| \`${action}\` | ${whatToDo} |`)
    }
  })

  it('a document without the markers of a table is an error', () => {
    expect(() => replaceTable('no markers', 'errors', '')).toThrow('markers of errors')
    const twice = '<!-- errors:begin -->\n<!-- errors:end -->\n'.repeat(2)
    expect(() => replaceTable(twice, 'errors', '')).toThrow('markers of errors')
  })
})
