/** Programs that some tests need and not every machine has. */

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Program {
  readonly path: string
  /** Empty, unless the program is missing: then what to add to the names of the tests that need it. */
  readonly notice: string
}

/**
 * Finds a program. Without it, the tests that need it are skipped, which is said; in CI they fail.
 *
 * @param path Where it is, if it is not on the PATH
 * @throws {Error} in CI, if it is missing
 * @example
 * const redis = findProgram('redis-server')
 * describe.skipIf(redis.notice)(`sessions in Redis${redis.notice}`, () => { … })
 */
export function findProgram(name: string, path?: string): Program {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = path ? [path] : folders.map((folder) => join(folder, name))
  const found = paths.find(isProgram)
  if (found) return { path: found, notice: '' }
  const missing = `${path ?? name} is missing`
  if (process.env.CI) throw new Error(missing)
  console.warn(`${missing}, so tests are skipped.`)
  return { path: name, notice: ` (SKIPPED: ${missing})` }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
