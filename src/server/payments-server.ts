#!/usr/bin/env node
/** `code2session-server-pay`: see docs/server.md. */

import { run } from './entry'

await run(() => import('./start-payments'))
