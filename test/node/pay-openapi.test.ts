/** What `npm run docs` writes for payments: openapi-pay.json and the tables of docs/payments.md. */

import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { Language } from '../../openapi/login/texts'
import { PAY_SAMPLE_BASE, payOpenapi } from '../../openapi/pay/document'
import { PAY_OPERATIONS } from '../../openapi/pay/operations'
import { PAY_SCHEMAS } from '../../openapi/pay/schemas'
import { toPayCodeTable, toPayErrorTable } from '../../openapi/pay/tables'
import { PAY_CODES } from '../../openapi/pay/texts'
import type { Sample } from '../../openapi/samples'
import { replaceTable } from '../../openapi/tables'
import { CODES } from '../../src/pay/codes'

const document = payOpenapi()
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'api', components: { schemas: PAY_SCHEMAS } })

/** What an example has against a schema of the document. */
function violations(schema: object, value: unknown): unknown {
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')))
  return validate(value) ? null : validate.errors
}

describe('openapi-pay.json', () => {
  it('openapi-pay.json is what the generator writes', async () => {
    const text = `${JSON.stringify(document, null, 2)}\n`
    await expect(text).toMatchFileSnapshot('../../src/assets/openapi-pay.json')
  })

  it('openapi-pay.json is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true })
  })

  it('openapi-pay.json describes every route of the payments Worker, and no other', () => {
    const source = readFileSync('src/pay/http/app.ts', 'utf8')
    const routes = [...source.matchAll(/app\.(get|post)\('([^']+)'/g)].map(
      ([, method, path = '']) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    )
    const described = PAY_OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    expect(routes.length).toBeGreaterThan(5)
    expect(described.toSorted()).toEqual(routes.toSorted())
  })

  it('some operation of payments has each code of the table, except method_not_allowed', () => {
    const paths = JSON.stringify(document.paths)
    const missing = PAY_CODES.filter((code) => !paths.includes(`\`${code}\`:`))
    expect(missing).toEqual(['method_not_allowed'])
  })

  it.each(PAY_OPERATIONS)(
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

  it('the samples of payments call the payments Worker with its service key', () => {
    const { post } = document.paths['/payments/{outTradeNo}/close'] ?? {}
    const [sample] = (post as { 'x-codeSamples': Sample[] })['x-codeSamples']
    expect(sample?.source.split(' \\\n  ')).toEqual([
      `curl -X POST ${PAY_SAMPLE_BASE}/payments/T20261125000001/close`,
      '-H "Authorization: Bearer $SERVICE_KEY"',
    ])
  })
})

describe('the tables of docs/payments.md', () => {
  const FOLDERS: [Language, string][] = [
    ['en', 'docs'],
    ['zh', 'docs/zh-CN'],
  ]

  it.each(FOLDERS)('the tables in %s are what the generator writes', async (language, folder) => {
    const path = `${folder}/payments.md`
    const text = replaceTable(readFileSync(path, 'utf8'), 'pay-errors', toPayErrorTable(language))
    await expect(replaceTable(text, 'pay-codes', toPayCodeTable(language))).toMatchFileSnapshot(
      `../../${path}`,
    )
  })

  it.each(FOLDERS)("the table in %s has every code of WeChat Pay's that is known", (language) => {
    const table = toPayCodeTable(language)
    expect(CODES.filter(({ wechat }) => !table.includes(`\`${wechat}\``))).toEqual([])
  })
})
