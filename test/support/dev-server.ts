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
    return { child, url: await readyUrl(child) }
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

/** The URL of a `wrangler dev` that has just been started. */
function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer) => {
      output += chunk
      const url = /Ready on (http:\S+)/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => reject(new Error(`wrangler dev ended with ${code}: ${output}`)))
  })
}
