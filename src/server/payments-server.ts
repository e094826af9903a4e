#!/usr/bin/env node
/** `code2session-server-pay`: see docs/server.md. */

import { run } from './run'

await run(() => import('./start-payments'))
