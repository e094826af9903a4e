#!/usr/bin/env node
/** `code2session-server`: see docs/server.md. */

import { run } from './run'

await run(() => import('./start-login'))
