/**
 * code2session-pay: WeChat Pay for mini programs as a Worker of its own, because the merchant's key
 * must not lie where every phone logs in.
 *
 * Its settings are declared in wrangler.toml beside this file and parsed in config.ts.
 */

import { workersRuntime } from '../workers-runtime'
import { createPaymentApp } from './http/app'
import { createPaymentService } from './payment-service'
import { createPayments } from './payments'

const payments = createPayments(workersRuntime)

// Only fetch: another Worker could call anything else an export has over a service binding.
export default { fetch: createPaymentApp({ payments }).fetch }

/** Bind to it from another Worker with `entrypoint = "PaymentService"`. */
export class PaymentService extends createPaymentService({ payments }) {}
