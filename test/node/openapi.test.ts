/** openapi.json and the page that shows it. */

import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestHarness, type TestHarness } from 'wrangler'
import { ERRORS } from '../../src/errors'
import { openapi } from '../../src/openapi/document'
import { OPERATIONS } from '../../src/openapi/operations'
import { SCHEMAS } from '../../src/openapi/schemas'

const FILE = '../../src/assets/openapi.json'
const document = openapi()

const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'api', components: { schemas: SCHEMAS } })

/** What an example or an answer has against a schema of the document. */
function violations(schema: object, value: unknown): unknown {
  const text = JSON.stringify(schema).replaceAll('"#/', '"api#/')
  const validate = ajv.compile(JSON.parse(text))
  return validate(value) ? null : validate.errors
}

describe('openapi.json', () => {
  it('is what the operations, the schemas and the error table say: `npm run docs` writes it', async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(FILE)
  })

  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document))
    expect(result).toEqual({ valid: true })
  })

  it('has every error code of the table, and none twice under one id', () => {
    const codes = JSON.stringify(document.paths)
    for (const code of Object.keys(ERRORS)) {
      if (code === 'method_not_allowed') continue
      expect(codes).toContain(`"${code}":`)
    }
    const ids = OPERATIONS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each(OPERATIONS)('$method $path: its examples fit its schemas', ({ body, success }) => {
    if (body) expect(violations(body.schema, body.example)).toBeNull()
    for (const response of Object.values(success)) {
      const { content = {} } = response as {
        content?: Record<string, { schema: object; example: unknown }>
      }
      for (const { schema, example } of Object.values(content)) {
        expect(violations(schema, example)).toBeNull()
      }
    }
  })
})

describe('beside the Worker', () => {
  let server: TestHarness
  let base: URL
  beforeAll(async () => {
    server = createTestHarness({
      workers: [{ configPath: 'wrangler.toml', secrets: { WECHAT_APPSECRET: 'nobody' } }],
    })
    base = (await server.listen()).url
  })
  afterAll(() => server.close())

  const get = (path: string) => fetch(new URL(path, base))

  it('GET /openapi.json is served as a file', async () => {
    const response = await get('/openapi.json')
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
    expect(await response.json()).toEqual(
      JSON.parse(readFileSync('src/assets/openapi.json', 'utf8')),
    )
  })

  it('GET /docs is a page of our own files, with nothing from elsewhere', async () => {
    const page = await get('/docs')
    expect([page.status, page.headers.get('Content-Type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    for (const path of ['/docs', '/docs.js', '/docs.css']) {
      const file = await get(path)
      expect(file.status).toBe(200)
      expect(await file.text()).not.toMatch(/https?:\/\//)
    }
  })

  it('every other path is the Worker, with its own 404', async () => {
    const response = await get('/nope')
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  })
})
