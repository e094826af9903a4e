/**
 * Adds a mini program to D1, or replaces its AppSecret, Token and EncodingAESKey, for which it asks:
 *
 *     MINI_PROGRAMS_KEY=… node examples/hooks/add-mini-program.js wx… --remote
 *
 * What follows the AppID goes on to `wrangler d1 execute`.
 */

import { spawnSync } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

const [appid = '', ...options] = process.argv.slice(2)
if (!/^wx[A-Za-z\d]{16}$/.test(appid)) fail('Name an AppID, and --local or --remote')
const key = Buffer.from(process.env.MINI_PROGRAMS_KEY ?? '', 'base64')
if (key.length !== 32) fail('MINI_PROGRAMS_KEY must be base64 of 32 bytes')

// With a terminal, what is typed goes to an output that shows nothing.
const output = new Writable({ write: (_chunk, _encoding, done) => done() })
const input = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY })
const lines = input[Symbol.asyncIterator]()

const appsecret = await ask('AppSecret', /^[\x21-\x7e]+$/)
const token = await ask('Token of message push, if it is set up', /^([A-Za-z\d]{3,32})?$/)
const aesKey = token && (await ask('EncodingAESKey, in safe mode', /^([A-Za-z\d]{43})?$/))
input.close()

const push = token && { token, ...(aesKey && { aesKey }) }
const sealed = seal(JSON.stringify({ appsecret, ...(push && { push }) }))
// Neither the AppID nor base64 has a quote.
const sql = `INSERT INTO mini_programs (appid, sealed) VALUES ('${appid}', '${sealed}')
  ON CONFLICT (appid) DO UPDATE SET sealed = excluded.sealed`
process.exitCode = execute(sql)

async function ask(question, pattern) {
  console.error(`${question}:`)
  const { value = '' } = await lines.next()
  const answer = value.trim()
  return pattern.test(answer) ? answer : fail('This does not look right')
}

/** Base64 of nonce, ciphertext and tag. */
function seal(text) {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(appid))
  const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(parts).toString('base64')
}

/** Runs one statement with wrangler, and without a shell, since that of Windows quotes otherwise. */
function execute(command) {
  const require = createRequire(import.meta.url)
  const wrangler = join(dirname(require.resolve('wrangler/package.json')), 'bin/wrangler.js')
  const named = options.some((option) => /^(-c|--config)(=|$)/.test(option))
  const config = named ? [] : ['-c', join(import.meta.dirname, 'wrangler.toml')]
  const args = ['d1', 'execute', 'DB', '--yes', '--command', command, ...config, ...options]
  const stdio = ['ignore', 'inherit', 'inherit']
  return spawnSync(process.execPath, [wrangler, ...args], { stdio }).status
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
