/** What the rules of the login get: the settings and the outside world. */

import type { Runtime } from '../core/runtime'
import type { Config } from './config'

export interface Context {
  readonly runtime: Runtime
  readonly config: Config
}
