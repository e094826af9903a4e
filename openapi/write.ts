/**
 * `npm run docs`: writes everything that is generated from the source, which is openapi.json of both
 * APIs, the tables of the documents, and the client of the example mini program.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'rolldown'
import { phoneClient } from '../rolldown.config.ts'

process.chdir(join(import.meta.dirname, '..'))

const { generateFiles } = await loadGenerator()
for (const [path, text] of generateFiles((path) => readFileSync(path, 'utf8'))) {
  writeFileSync(path, text)
}

writeFileSync('examples/miniprogram/lib/code2session.js', await bundle(phoneClient))

/** As a bundle, since Node does not find the imports of the source, which name no extension. */
async function loadGenerator(): Promise<typeof import('./files')> {
  const code = await bundle({ input: 'openapi/files.ts', platform: 'neutral' })
  return import(`data:text/javascript,${encodeURIComponent(code)}`)
}

async function bundle(options: BuildOptions): Promise<string> {
  const { output } = await build({ ...options, write: false })
  return output[0].code
}
