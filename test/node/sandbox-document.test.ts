/** docs/sandbox.md, typed from top to bottom into a shell, beside `npm run dev`. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DevServer, startDev } from '../support/dev-server'
import { readMarkdown } from '../support/markdown'

const folder = mkdtempSync(join(tmpdir(), 'sandbox-document-'))

let dev: DevServer
beforeAll(async () => {
  dev = await startDev()
})
afterAll(async () => {
  await dev.stop()
  rmSync(folder, { recursive: true })
})

interface Command {
  readonly command: string
  /** The lines that the document shows below it. */
  readonly shown: readonly string[]
}

function readCommands(path: string): Command[] {
  return readMarkdown(path)
    .codeBlocks.filter(({ language }) => language === 'console')
    .flatMap(({ source }) => source.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...shown] = text.trim().split('\n')
      return { command, shown }
    })
}

/**
 * Compares what the document shows with what was printed. Texts without a digit are the same; those
 * with one, such as codes and tokens, differ in every run: they go into `differing`.
 */
function compare(shown: unknown, printed: unknown, differing: Map<string, string>): void {
  if (typeof shown === 'string' && /\d/.test(shown)) {
    expect(printed).toEqual(expect.any(String))
    differing.set(shown, String(printed))
  } else if (typeof shown === 'object' && shown !== null) {
    expect(Object.keys(Object(printed))).toEqual(Object.keys(shown))
    for (const [key, value] of Object.entries(shown)) {
      compare(value, (printed as Record<string, unknown>)[key], differing)
    }
  } else if (typeof shown === 'number') expect(printed).toEqual(expect.any(Number))
  else expect(printed).toBe(shown)
}

it('docs/sandbox.md can be typed from top to bottom, and shows what is printed', async () => {
  const commands = readCommands('docs/sandbox.md')
  expect(commands.length).toBeGreaterThan(25)
  const differing = new Map<string, string>()
  const env: Record<string, string> = { PATH: process.env.PATH ?? '' }
  for (const { command, shown } of commands) {
    const text = [...differing].reduce((line, [ours, real]) => line.replaceAll(ours, real), command)
    const [, name, value] = /^(\w+)=(\S+)$/.exec(text) ?? []
    if (name && value) {
      env[name] = value
      continue
    }
    const typed = `${text.replaceAll('localhost:8787', new URL(dev.url()).host)} -sS`
    const { stdout } = await promisify(execFile)('bash', ['-c', typed], { env, cwd: folder })
    const lines = stdout.trim().split(/\r?\n/)
    if (shown.length > 1) expect(lines[0]).toBe(shown[0])
    const last = shown.at(-1)
    if (last === undefined) expect(stdout, command).toBe('')
    else compare(JSON.parse(last), JSON.parse(lines.at(-1) ?? ''), differing)
  }
  expect(await logIn()).toBe(200)
  // It types the whole document, with a process for each command.
}, 120_000)

/** A login of somebody who has not been there: its status. */
async function logIn(): Promise<number> {
  const { code } = (await (await post('/sandbox/wx.login', { user: 'carol' })).json()) as {
    code: string
  }
  return (await post('/login', { code })).status
}

function post(path: string, body: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' }
  return fetch(new URL(path, dev.url()), { method: 'POST', headers, body: JSON.stringify(body) })
}

it('with "times": 0, the calls of one path do not fail any more, and others still do', async () => {
  await post('/sandbox/fail', { errcode: 45011, times: 2 })
  await post('/sandbox/fail', { times: 0, api: '/wxa/checksession' })
  expect(await logIn()).toBe(429)
  expect((await post('/sandbox/fail', { times: 0 })).status).toBe(204)
  expect(await logIn()).toBe(200)
})

it('docs/backends.md names the Worker of npm run dev, which another Worker can bind', () => {
  const [, name] = /^name = "(.*)"$/m.exec(readFileSync('sandbox/wrangler.toml', 'utf8')) ?? []
  expect(readFileSync('docs/backends.md', 'utf8').includes(`service = "${name}"`)).toBe(true)
})
