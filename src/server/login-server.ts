#!/usr/bin/env node
/** `code2session-server`: see docs/server.md. */

import { hasNode } from './node-version'

if (hasNode()) {
  const { startLogin } = await import('./start-login')
  await startLogin()
}
