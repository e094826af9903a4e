/** Every operation of the API. */

import { health, type Operation } from '../operation'
import { BACKEND_OPERATIONS } from './backend-operations'
import { MINI_PROGRAM_OPERATIONS } from './mini-program-operations'
import { PUSH_OPERATIONS } from './push-operations'

/** In the order of the document. */
export const OPERATIONS: readonly Operation[] = [
  ...MINI_PROGRAM_OPERATIONS,
  ...BACKEND_OPERATIONS,
  ...PUSH_OPERATIONS,
  health('Uses neither KV nor WeChat, and succeeds even if a setting is wrong.'),
]
