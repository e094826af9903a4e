/**
 * `npm run pay:check`: are the settings in wrangler.toml and .dev.vars those of a merchant? Prints
 * what is right and what is wrong, and exits with 1 if anything is wrong.
 *
 *     npm run pay:check                    sends one signed text to WeChat Pay and back
 *     npm run pay:check -- --callback      and has WeChat Pay call the notify URL
 *     npm run pay:check -- -c other.toml   with another configuration
 */

import { connect } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'rolldown'
import { unstable_getVarsForDev, unstable_readConfig } from 'wrangler'
import type { Runtime } from '../src/core/runtime'

const { values } = parseArgs({
  options: {
    config: { type: 'string', short: 'c', default: 'src/pay/wrangler.toml' },
    callback: { type: 'boolean', default: false },
  },
})

const runtime: Runtime = {
  fetch: (request) => fetch(request),
  connects,
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: Date.now,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
  random: Math.random,
  waitUntil: () => {},
  log: () => {},
}

const { checkSettings } = await loadCheck()
const findings = await checkSettings(readEnv(values.config), runtime, values)
for (const { kind, text } of findings) console.log(`${kind.padEnd(5)}  ${text}`)
if (findings.some(({ kind }) => kind === 'wrong')) process.exitCode = 1

function connects({ hostname, port, protocol }: URL, timeout: number): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80) })
  return new Promise((resolve) => {
    const finish = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.setTimeout(timeout, () => finish(false))
    socket.once('connect', () => finish(true)).once('error', () => finish(false))
  })
}

/** The code of the Worker, so that nothing is signed or verified in a second way. */
async function loadCheck(): Promise<typeof import('./echo')> {
  const { output } = await build({
    input: join(import.meta.dirname, 'echo.ts'),
    platform: 'neutral',
    output: { format: 'esm' },
    write: false,
  })
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`)
}

/** What `wrangler dev` would give the Worker, with stand-ins for its bindings. */
function readEnv(path: string): object {
  const config = unstable_readConfig({ config: path }, { hideWarnings: true })
  const { vars, secrets, queues } = config
  const services = (config.services ?? []).map(({ binding }: { binding: string }) => [
    binding,
    { fetch },
  ])
  const producers = (queues.producers ?? []).map(({ binding }: { binding: string }) => [
    binding,
    { send() {} },
  ])
  const texts = unstable_getVarsForDev(path, undefined, vars, undefined, true, secrets)
  return {
    ...Object.fromEntries(services),
    ...Object.fromEntries(producers),
    ...Object.fromEntries(Object.entries(texts).map(([name, { value }]) => [name, value])),
  }
}
