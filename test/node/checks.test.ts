/** `npm run check`, beside the other tests. */

import { exec } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: { typecheck: string; lint: string }
}
const commands = [...scripts.typecheck.split(' && '), scripts.lint]

it.each(commands)('%s finds nothing wrong', async (command) => {
  // What a program finds is on its output, and not in the message of the error.
  const found = await promisify(exec)(join('node_modules/.bin', command)).then(
    () => '',
    ({ stdout, stderr }) => stdout + stderr,
  )
  expect(found).toBe('')
})
