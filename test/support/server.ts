/** A server of src/server, as `npm run serve` starts it: a process of its own, on a free port. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CREDENTIALS } from './environment'

/** The command of `npm run serve`, without npm. */
const COMMANDS = { login: 'src/server/login-server.ts', payments: 'src/server/payments-server.ts' }

export interface ServerOptions {
  readonly env: Readonly<Record<string, string>>
  readonly kind?: keyof typeof COMMANDS
  /** A file `.env` in the working directory. */
  readonly file?: string
}

export type TestServer = Awaited<ReturnType<typeof startServer>>

/** Starts a server, and waits for its first line. A server that ends before rejects with its output. */
export async function startServer(options: ServerOptions) {
  const { child, started, output, ended, close } = spawnServer(options)
  await Promise.race([started, ended])
  const url = / on (http:\S+?)(?:,|$)/m.exec(output())?.[1]
  if (!url) throw new Error(`the server has ended: ${output()}`)
  return {
    url: new URL(url),
    output,
    /** Sends a signal: the exit code of the server. */
    async signal(name: NodeJS.Signals): Promise<number | null> {
      child.kill(name)
      return ended
    },
    send: (name: NodeJS.Signals) => child.kill(name),
    ended,
    close,
  }
}

/** Starts a server that is expected to end: its exit code, and the fault that is all it says. */
export async function runServer(options: ServerOptions) {
  const { ended, output, close } = spawnServer(options)
  const code = await ended
  await close()
  const fault = /^code2session cannot start: (.*)\n$/.exec(output())?.[1]
  return { code, fault: fault ?? `no fault alone: ${output()}` }
}

function spawnServer({ env, kind = 'login', file }: ServerOptions) {
  const cwd = mkdtempSync(join(tmpdir(), 'code2session-'))
  if (file) writeFileSync(join(cwd, '.env'), file)
  const loader = resolve('typescript-loader.js')
  const child = spawn(process.execPath, ['--import', loader, resolve(COMMANDS[kind])], {
    cwd,
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const first = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (/ on http:/.test(text)) first.resolve()
    })
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    started: first.promise,
    ended,
    output: () => text,
    async close() {
      child.kill('SIGKILL')
      await ended
      rmSync(cwd, { recursive: true, force: true })
    },
  }
}

/** For the contract of the login: a server with this store. */
export function serveLogin(store: string) {
  return async (_: unknown, settings: Record<string, string>) => {
    const server = await startServer({ env: { ...CREDENTIALS, ...settings, STORE: store } })
    return { url: server.url, log: server.output, close: server.close }
  }
}
