/**
 * code2session: the login backend of WeChat Mini Programs as one Cloudflare Worker.
 *
 * Its settings are declared in wrangler.toml and parsed in config.ts.
 */

import { createApp } from './http/app'
import { createLoginService } from './login-service'
import { createService } from './service'
import { workersRuntime } from './workers-runtime'

const service = createService(workersRuntime)

// Only fetch: another Worker could call anything else an export has over a service binding.
export default { fetch: createApp({ service }).fetch }

/** Bind to it from another Worker with `entrypoint = "LoginService"`. */
export class LoginService extends createLoginService({ service }) {}
