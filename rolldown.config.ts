/** The build of the package: readable modules, each with one bundled declaration file. */

import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const types = (tsconfig = 'tsconfig.json') => dts({ tsconfig, logger: { ...console, warn } })

/** TypeScript 7.0 has no API for the plugin, which then warns on every build that it runs `tsc`. */
function warn(message: string): void {
  if (!message.includes('on TypeScript 7.0 is deprecated')) console.warn(message)
}

/** Completes dist/miniprogram, which the "build npm" of WeChat's developer tools copies as it is. */
const miniprogram: Plugin = {
  name: 'miniprogram',
  generateBundle(_, { 'client.d.ts': declarations }) {
    const emit = (fileName: string, source: string) =>
      this.emitFile({ type: 'asset', fileName: `miniprogram/${fileName}`, source })
    if (declarations?.type !== 'chunk') this.error('There is no client.d.ts')
    emit('client.d.ts', declarations.code)
    emit('index.js', "module.exports = require('./client')\n")
    emit('package.json', '{ "type": "commonjs" }\n')
  },
}

/** The Worker's assets, which the servers have as well. */
const assets: Plugin = {
  name: 'assets',
  generateBundle() {
    for (const name of readdirSync('src/assets')) {
      this.emitFile({
        type: 'asset',
        fileName: `assets/${name}`,
        source: readFileSync(`src/assets/${name}`),
      })
    }
  },
}

/** Nobody imports a command. */
const commandsWithoutTypes: Plugin = {
  name: 'commands-without-types',
  generateBundle(_, bundle) {
    delete bundle['server.d.ts']
    delete bundle['server-pay.d.ts']
  },
}

// Mini programs run on old phones. With plain assignments, class fields need no helper functions.
const client = {
  tsconfig: false as const,
  input: { client: 'src/client/index.ts' },
  transform: {
    target: 'es2018',
    assumptions: { setPublicClassFields: true },
    typescript: { removeClassFieldsWithoutInitializer: true },
  },
}

const output = { dir: 'dist', minify: false } as const

/** The client as mini programs load it, which the example mini program has a copy of. */
export const phoneClient = {
  ...client,
  output: {
    ...output,
    dir: 'dist/miniprogram',
    format: 'cjs',
    strict: true,
    generatedCode: { symbols: false },
  },
} satisfies RolldownOptions

const external = /^(hono|valibot|cloudflare:|node:|@hono\/|@redis\/|mysql2)/

// How long `tsc` takes is no news.
const checks = { bundlerTimings: false }

export default defineConfig([
  {
    // Together, so that both share one Problem class.
    input: { index: 'src/index.ts', pay: 'src/pay.ts' },
    external,
    plugins: [types()],
    // Without a hash: a build of the same source has the same files.
    output: { ...output, cleanDir: true, chunkFileNames: 'shared/[name].js' },
    checks,
  },
  {
    input: {
      node: 'src/node.ts',
      server: 'src/server/login-server.ts',
      'server-pay': 'src/server/payments-server.ts',
    },
    external,
    platform: 'node',
    plugins: [types('src/server/tsconfig.json'), assets, commandsWithoutTypes],
    output: { ...output, chunkFileNames: 'server/[name].js' },
    checks,
  },
  { ...client, plugins: [types(), miniprogram], output, checks },
  phoneClient,
])
