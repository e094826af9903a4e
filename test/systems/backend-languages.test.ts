/** The examples in PHP and Python of docs/backends.md, run against the built Worker. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, SERVICE_KEY, startBackend } from '../support/backend'
import { readMarkdown } from '../support/markdown'
import { findProgram } from '../support/programs'

const folder = mkdtempSync(join(tmpdir(), 'code2session-examples-'))
let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(async () => {
  await backend.close()
  rmSync(folder, { recursive: true })
})

/** Each language, its program, and how a script prints what introspect returns. */
const LANGUAGES = [
  ['php', findProgram('php', '/usr/bin/php'), 'echo json_encode(introspect($argv[1]));'],
  [
    'python',
    findProgram('python3', '/usr/bin/python3'),
    'import sys; print(json.dumps(introspect(sys.argv[1])))',
  ],
] as const

describe.each(LANGUAGES)('the example in %s', (language, { path, notice }, print) => {
  async function introspect(token: string, key = SERVICE_KEY) {
    const blocks = readMarkdown('docs/backends.md').codeBlocks
    const example = blocks.find((block) => block.language === language)?.source ?? ''
    const script = join(folder, `introspect.${language}`)
    writeFileSync(script, `${example.replace('https://login.example.com', origin())}\n${print}\n`)
    const env = { ...process.env, SERVICE_KEY: key }
    const { stdout } = await promisify(execFile)(path, [script, token], { env })
    return JSON.parse(stdout)
  }
  const origin = () => new URL(backend.url).origin

  it.skipIf(notice)(
    `the example tells whose token it is, and that a made-up one is nobody’s${notice}`,
    async () => {
      const token = await backend.logIn('alice')
      expect(await introspect(token)).toMatchObject({ active: true, openid: 'oalice' })
      expect(await introspect('made-up&token=x')).toEqual({ active: false })
    },
  )

  it.skipIf(notice)(`the example fails where the service key is wrong${notice}`, async () => {
    await expect(introspect('x', 'wrong')).rejects.toThrow('401')
  })
})
