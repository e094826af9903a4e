#!/usr/bin/env node
/** `code2session-server-pay`: see docs/server.md. */

import { hasNode } from './node-version'

if (hasNode()) {
  const { startPayments } = await import('./start-payments')
  await startPayments()
}
