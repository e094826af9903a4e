/**
 * `npm run pay:check`: are the settings in wrangler.toml and .dev.vars those of a merchant? Prints
 * what is right and what is wrong, and exits with 1 if anything is wrong.
 *
 *     npm run pay:check                    sends one signed text to WeChat Pay and back
 *     npm run pay:check -- --callback      and has WeChat Pay call the notify URL
 *     npm run pay:check -- -c other.toml   with another configuration
 *     npm run pay:check -- --server        with the environment of npm run serve:pay
 */

import { parseArgs } from 'node:util'
import { unstable_getVarsForDev, unstable_readConfig } from 'wrangler'
import { installPlatform } from '../src/server/platform'
import { serverRuntime } from '../src/server/runtime'
import { readEnvironment } from '../src/server/settings'
import { checkSettings } from './echo'

installPlatform()
const { values } = parseArgs({
  options: {
    config: { type: 'string', short: 'c', default: 'src/pay/wrangler.toml' },
    server: { type: 'boolean', default: false },
    callback: { type: 'boolean', default: false },
  },
})
const env = values.server ? readServerEnv() : readEnv(values.config)
const findings = await checkSettings(env, { ...serverRuntime, log: () => {} }, values)
for (const { kind, text } of findings) console.log(`${kind.padEnd(5)}  ${text}`)
if (findings.some(({ kind }) => kind === 'wrong')) process.exitCode = 1

/** What `npm run serve:pay` would take, with stand-ins for what it binds. */
function readServerEnv(): object {
  const { HOOKS, EVENTS, ...variables } = readEnvironment()
  return {
    ...variables,
    ...(HOOKS?.trim() && { HOOKS: { fetch } }),
    ...(EVENTS?.trim() && { EVENTS: { send() {} } }),
  }
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
