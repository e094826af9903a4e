/** What the routes of payments find in their context. */

import type { Problem } from '../../core/problem'
import type { Payments } from '../payments'

export interface PaymentAppEnv {
  Bindings: object
  Variables: {
    payments: Payments
    /** Why the request failed, if it did. */
    problem?: Problem<string>
  }
}
