/**
 * code2session: the login backend of WeChat Mini Programs as one Cloudflare Worker.
 *
 * Its settings are declared in wrangler.toml and parsed in config.ts.
 */

import { createHttpApp } from '../login/http/app'
import { redirectToDocs } from '../login/http/docs'
import { createService } from '../login/service'
import { createLoginService } from './login-service'
import { workersRuntime } from './runtime'

const service = createService(workersRuntime)
const app = createHttpApp(service)

// Only fetch: another Worker could call anything else an export has over a service binding.
export default {
  fetch: (request: Request, env: object, ctx: ExecutionContext) =>
    redirectToDocs(service(env), request) ?? app.fetch(request, env, ctx),
}

/** Bind to it from another Worker with `entrypoint = "LoginService"`. */
export class LoginService extends createLoginService({ service }) {}
