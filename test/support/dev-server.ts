/** `wrangler dev`, as a test starts it: on a free port, with a KV directory of its own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type DevServer = Awaited<ReturnType<typeof startWrangler>>

/** Runs the command of package.json's `dev`. */
export function startDev(): Promise<DevServer> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: { dev: string }
  }
  const [, ...args] = scripts.dev.split(' ')
  return startWrangler(args)
}

/** @param args What `node` gets, up to the configurations */
export async function startWrangler(args: readonly string[]) {
  const state = mkdtempSync(join(tmpdir(), 'code2session-'))
  const options = ['--port', '0', '--inspector-port', '0', '--persist-to', state]

  async function start() {
    const child = spawn(process.execPath, [...args, ...options], {
      // A registry of its own: others, and `npm run dev`, serve Workers with the same names.
      env: { ...process.env, WRANGLER_REGISTRY_PATH: join(state, 'registry') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const terminal = readTerminal(child)
    return { child, terminal, url: await readyUrl(child, terminal) }
  }

  let running = await start()
  async function end(): Promise<void> {
    const ended = new Promise((resolve) => running.child.once('exit', resolve))
    running.child.kill()
    await ended
  }

  return {
    /** The port changes with a restart. */
    url: () => running.url,
    /** What it prints, since its last start. */
    terminal: () => running.terminal,
    /** Ends it and starts it again. KV stays. */
    async restart(): Promise<void> {
      await end()
      running = await start()
    },
    async stop(): Promise<void> {
      await end()
      rmSync(state, { recursive: true, force: true })
    },
  }
}

type Terminal = ReturnType<typeof readTerminal>

/** What a process prints. */
function readTerminal({ stdout, stderr }: ChildProcess) {
  let text = ''
  const listeners = new Set<() => void>()
  const read = (chunk: Buffer) => {
    text += chunk
    for (const listen of listeners) listen()
  }
  stdout?.on('data', read)
  stderr?.on('data', read)

  return {
    text: () => text,
    /** Resolves once it has printed this. It may do so after the response that a line is about. */
    find(pattern: RegExp): Promise<RegExpExecArray> {
      const { promise, resolve } = Promise.withResolvers<RegExpExecArray>()
      const listen = () => {
        const found = pattern.exec(text)
        if (found) resolve(found)
      }
      listeners.add(listen)
      listen()
      return promise.finally(() => listeners.delete(listen))
    },
  }
}

/** The URL of a `wrangler dev` that has just been started. */
async function readyUrl(child: ChildProcess, terminal: Terminal): Promise<string> {
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`wrangler dev ended with ${code}: ${terminal.text()}`))
    })
  })
  // It may end later, when nobody waits for it.
  ended.catch(() => undefined)
  const [, url = ''] = await Promise.race([terminal.find(/Ready on (http:\S+)/), ended])
  return url
}
