/** The client as it is built: small, for old phones, and for both kinds of modules. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { parse } from 'acorn'
import { beforeAll, describe, expect, it } from 'vitest'

const ESM = 'dist/client.mjs'
const CJS = 'dist/miniprogram/client.js'
const GZIP_LIMIT = 3 * 1024

beforeAll(() => {
  execFileSync('npm', ['run', 'build'], { stdio: 'pipe' })
})

describe('the built client', () => {
  it.each([ESM, CJS])('%s is under 3 KiB gzip', (file) => {
    expect(gzipSync(readFileSync(file)).length).toBeLessThan(GZIP_LIMIT)
  })

  it.each([
    [ESM, 'module'],
    [CJS, 'script'],
  ] as const)('%s is ES2018, as a %s', (file, sourceType) => {
    const code = readFileSync(file, 'utf8')
    expect(() => parse(code, { ecmaVersion: 2018, sourceType })).not.toThrow()
    expect(code).not.toMatch(/\b(require\(|import\b)/)
  })

  it('is what an import and a require of code2session/client give', async () => {
    const required = createRequire(import.meta.url)('code2session/client')
    const imported = await import('code2session/client')
    for (const module of [required, imported]) {
      expect(Object.keys(module).sort()).toEqual(['Code2SessionError', 'createClient'])
    }
  })

  it('is what the developer tools put into miniprogram_npm, as the package and as its client', () => {
    const { miniprogram } = JSON.parse(readFileSync('package.json', 'utf8'))
    const require = createRequire(import.meta.url)
    for (const file of ['index', 'client']) {
      const module = require(`../../${miniprogram}/${file}.js`)
      expect(Object.keys(module).sort()).toEqual(['Code2SessionError', 'createClient'])
    }
  })
})
