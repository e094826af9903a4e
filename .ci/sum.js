/** Adds up reports of vitest: `N passed, N failed, N skipped`. A file that does not load is a failure. */

import { readFileSync } from 'node:fs'

const sum = { passed: 0, failed: 0, skipped: 0 }
for (const path of process.argv.slice(2)) {
  for (const { status, assertionResults } of readFiles(path)) {
    const count = (...names) =>
      assertionResults.filter(({ status }) => names.includes(status)).length
    const failed = count('failed')
    sum.passed += count('passed')
    sum.failed += status === 'failed' && failed === 0 ? 1 : failed
    sum.skipped += count('pending', 'skipped', 'todo')
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
if (sum.failed > 0) process.exitCode = 1

/** What vitest reports of each file of tests. */
function readFiles(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults
  } catch {
    console.log(`${path} is missing: these tests did not end. See above.`)
    return [{ status: 'failed', assertionResults: [] }]
  }
}
