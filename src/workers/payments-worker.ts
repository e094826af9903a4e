/**
 * code2session-pay: WeChat Pay for mini programs as a Worker of its own, because the merchant's key
 * must not lie where every phone logs in.
 *
 * Its settings are declared in src/pay/wrangler.toml and parsed in src/pay/config.ts.
 */

import { createHttpApp } from '../pay/http/app'
import { createPayments } from '../pay/payments'
import { createPaymentService } from './payment-service'
import { workersRuntime } from './runtime'

const payments = createPayments(workersRuntime)

// Only fetch: another Worker could call anything else an export has over a service binding.
export default { fetch: createHttpApp(payments).fetch }

/** Bind to it from another Worker with `entrypoint = "PaymentService"`. */
export class PaymentService extends createPaymentService({ payments }) {}
