/**
 * `npm run docs`: writes everything that is generated from the source, which is openapi.json of both
 * APIs, the tables of the documents, and the client of the example mini program.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { build } from 'rolldown'
import { phoneClient } from '../rolldown.config.ts'
import { generateFiles } from './files'

for (const [path, text] of generateFiles((path) => readFileSync(path, 'utf8'))) {
  writeFileSync(path, text)
}
const { output } = await build({ ...phoneClient, write: false })
writeFileSync('examples/miniprogram/lib/code2session.js', output[0].code)
