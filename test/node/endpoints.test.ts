/** The contract of the login, kept by the built Worker and by the server with SQLite. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { buildProduction } from '../support/built-worker'
import { describeHome } from '../support/home-contract'
import { serveLogin } from '../support/server'

const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
afterAll(() => rmSync(directory, { recursive: true }))

describeHome('the Worker', async (environment, bindings) => {
  const { url, logs } = await environment.serve(await buildProduction(), { bindings })
  return { url, log: () => logs.join('\n') }
})

describeHome('the server with SQLite', serveLogin(`sqlite:${join(directory, 'sessions.db')}`))
