/** `npm run check`, beside the other tests. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it.each(['typecheck', 'lint'])('npm run %s finds nothing wrong', async (script) => {
  const run = promisify(execFile)('npm', ['run', '--silent', script])
  // What a program finds is on its output, and not in the message of the error.
  const found = await run.then(
    () => '',
    ({ stdout, stderr }) => stdout + stderr,
  )
  expect(found).toBe('')
})
