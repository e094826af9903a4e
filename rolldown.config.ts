/** The build of the package: readable modules, each with one bundled declaration file. */

import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const types = () => dts({ logger: { ...console, warn } })

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

// How long `tsc` takes is no news.
const checks = { bundlerTimings: false }

export default defineConfig([
  {
    // Together, so that both share one Problem class.
    input: { index: 'src/index.ts', pay: 'src/pay.ts' },
    external: /^(hono|valibot|cloudflare:)/,
    plugins: [types()],
    // Without a hash: a build of the same source has the same files.
    output: { ...output, cleanDir: true, chunkFileNames: 'shared/[name].js' },
    checks,
  },
  { ...client, plugins: [types(), miniprogram], output, checks },
  phoneClient,
])
