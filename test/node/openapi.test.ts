/** What `npm run docs` writes: the OpenAPI documents of both APIs, and the tables of the documents. */

import { globSync, readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { type Api, listErrors } from '../../openapi/api'
import { toDocument } from '../../openapi/document'
import { generateFiles } from '../../openapi/files'
import { LOGIN_API } from '../../openapi/login/api'
import { PAY_API } from '../../openapi/pay/api'
import { replaceTables, toTables } from '../../openapi/tables'
import { ERRORS } from '../../src/core/errors'
import {
  DecryptBody,
  LoginBody,
  PhoneNumberBody,
  SubscribeMessageBody,
  VerifyBody,
} from '../../src/login/http/bodies'
import { ERRCODES } from '../../src/login/wechat/errcodes'
import { CODES } from '../../src/pay/codes'
import { PAY_ERRORS } from '../../src/pay/errors'
import { toOrderBody } from '../../src/pay/schemas'
import { findViolations } from '../support/json-schema'

const APIS = [LOGIN_API, PAY_API] as const
const read = (path: string) => readFileSync(path, 'utf8')

/** Every object within a value. */
function* objectsWithin(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  yield value as Record<string, unknown>
  for (const member of Object.values(value)) yield* objectsWithin(member)
}

describe('what npm run docs writes', () => {
  it.each([...generateFiles(read)])('%s is what the source says', (path, text) => {
    expect(read(path)).toBe(text)
  })

  it('every table is in one document of each language', () => {
    const tables = APIS.flatMap((api) => Object.keys(toTables(api, 'en')))
    expect(tables).toHaveLength(4)
    for (const name of ['actions', ...tables]) {
      for (const documents of ['docs/*.md', 'docs/zh-CN/*.md']) {
        const marked = globSync(documents).filter((path) => read(path).includes(`<!-- ${name}:`))
        expect(marked, name).toHaveLength(1)
      }
    }
  })

  it('markers of a table that does not exist are an error', () => {
    const document = '<!-- errors:begin -->\nold\n<!-- errors:end -->\n'
    expect(replaceTables(document, { errors: 'new' })).toBe(document.replace('old', 'new'))
    expect(() => replaceTables(document, {})).toThrow('no table errors')
  })

  it.each(['en', 'zh'] as const)('the tables in %s have every code of WeChat', (language) => {
    const { errcodes = '' } = toTables(LOGIN_API, language)
    const cells = [...errcodes.matchAll(/^\| (-?\d[\d, -]*) \|/gm)]
    const listed = cells.flatMap(([, cell = '']) => cell.split(', ').map(Number))
    expect(listed.toSorted()).toEqual(ERRCODES.map(({ errcode }) => errcode).toSorted())

    const table = toTables(PAY_API, language)['pay-codes'] ?? ''
    expect(CODES.filter(({ wechat }) => !table.includes(`\`${wechat}\``))).toEqual([])
  })
})

describe.each(APIS)('the document of $title', (api) => {
  const document = toDocument(api)

  it('the document is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document))
    expect(result).toEqual({ valid: true })
  })

  it('every reference in the document resolves', () => {
    for (const { $ref } of objectsWithin(document)) {
      if (typeof $ref !== 'string') continue
      const path = $ref.replace('#/', '').split('/')
      const target = path.reduce<unknown>((at, key) => Object(at)[key], document)
      expect(target, $ref).toBeTypeOf('object')
    }
  })

  it('no two operations of the document have the same id', () => {
    const ids = api.operations.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('a schema of the document with a const or an enum states its type', () => {
    const values = [...objectsWithin(api.schemas)].filter((schema) => schema.const ?? schema.enum)
    expect(values.length).toBeGreaterThan(1)
    for (const schema of values) expect(schema).toMatchObject({ type: 'string' })
  })

  it.each(api.operations)(
    'the examples of $method $path fit their schemas',
    ({ body, success, parameters = [] }) => {
      const contents = Object.values(success).flatMap(({ content = {} }) => Object.values(content))
      const examples = [...parameters, ...contents, ...(body ? [body] : [])]
      for (const { schema, example } of examples) {
        expect(findViolations(api, schema, example)).toBeNull()
      }
    },
  )
})

describe('the errors of the operations', () => {
  it('some operation has each error of the login Worker, except method_not_allowed', () => {
    expect(listErrors(LOGIN_API).map(({ code }) => code)).toEqual(Object.keys(ERRORS))
  })

  it('some operation has each error that only payments have', () => {
    const codes = listErrors(PAY_API).map(({ code }) => code)
    expect(codes).toEqual(expect.arrayContaining(Object.keys(PAY_ERRORS)))
  })
})

describe('the limits in the documents', () => {
  const block = 'AAAAAAAAAAAAAAAAAAAAAA=='
  const encrypted = { encryptedData: block, iv: block }
  const signed = { rawData: '{}', signature: 'x' }
  const payer = { appid: 'x', openid: 'x' }
  const order = { outTradeNo: 'T00001', description: 'x', total: 1 }
  const message = { openid: 'x', templateId: 'x', data: { thing1: 'x' } }

  it.each<[string, Api, v.GenericSchema, object]>([
    ['LoginRequest', LOGIN_API, LoginBody, { code: 'x' }],
    ['SignedData', LOGIN_API, VerifyBody, signed],
    ['EncryptedData', LOGIN_API, DecryptBody, { ...encrypted, ...signed }],
    ['PhoneNumberRequest', LOGIN_API, PhoneNumberBody, {}],
    ['SubscribeMessage', LOGIN_API, SubscribeMessageBody, message],
    ['PaymentRequest', PAY_API, toOrderBody(0), { ...payer, ...order }],
  ])('%s limits its texts as the endpoint does', (name, api, Body, request) => {
    const schema = Reflect.get(api.schemas, name)
    const fields = Object.entries<Field>(schema.properties).filter(([, field]) => findLimit(field))
    expect(fields).not.toEqual([])
    for (const [field, limits] of fields) {
      const limit = findLimit(limits) ?? 0
      for (const length of [0, 1, limit, limit + 1]) {
        const text = 'x'.repeat(length)
        const body = { ...request, [field]: limits.maxLength ? text : { thing1: text } }
        const isFit = length > 0 && length <= limit
        expect(findViolations(api, schema, body) === null, `${field}: ${length}`).toBe(isFit)
        expect(v.safeParse(Body, body).success, `${field}: ${length}`).toBe(isFit)
      }
    }
  })

  interface Field {
    readonly maxLength?: number
    readonly additionalProperties?: Field
  }

  /** Of a text, or of the values of an object. */
  function findLimit({ maxLength, additionalProperties }: Field): number | undefined {
    return maxLength ?? additionalProperties?.maxLength
  }
})
