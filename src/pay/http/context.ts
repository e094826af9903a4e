/** What the routes of payments find in their context. */

import type { FrameEnv } from '../../core/frame'
import type { Payments } from '../payments'

export type PaymentAppEnv = FrameEnv<Payments>
