/** Middleware for the endpoints of backends. */

import { createServiceKeyGuards } from '../../core/service-key'
import { requireServiceKeys } from '../config'
import type { AppEnv } from './context'

export const { onlyWithServiceKeys, forBackends } = createServiceKeyGuards<AppEnv>((c) =>
  requireServiceKeys(c.get('service').config),
)
