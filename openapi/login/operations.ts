/** Every operation of the API. */

import { json, type Operation } from '../operation'
import { BACKEND_OPERATIONS } from './backend-operations'
import { MINI_PROGRAM_OPERATIONS } from './mini-program-operations'
import { PUSH_OPERATIONS } from './push-operations'

const HEALTH: Operation = {
  id: 'health',
  method: 'get',
  path: '/health',
  tag: 'Health',
  caller: 'anyone',
  summary: 'Check that the Worker runs',
  description: 'Uses neither KV nor WeChat, and succeeds even if a setting is wrong.',
  success: json('Health', { status: 'ok' }, 'The Worker runs'),
}

/** In the order of the document. */
export const OPERATIONS: readonly Operation[] = [
  ...MINI_PROGRAM_OPERATIONS,
  ...BACKEND_OPERATIONS,
  ...PUSH_OPERATIONS,
  HEALTH,
]
