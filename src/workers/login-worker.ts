/**
 * code2session: the login backend of WeChat Mini Programs as one Cloudflare Worker.
 *
 * Its settings are declared in wrangler.toml and parsed in config.ts.
 */

import { RESPONSE_HEADERS } from '../core/problem'
import { createHttpApp } from '../login/http/app'
import { createService } from '../login/service'
import { createLoginService } from './login-service'
import { workersRuntime } from './runtime'

const service = createService(workersRuntime)
const app = createHttpApp(service)

// Only fetch: another Worker could call anything else an export has over a service binding.
export default {
  fetch(request: Request, env: object, ctx: ExecutionContext) {
    const { method } = request
    const isRoot = new URL(request.url).pathname === '/' && /^(GET|HEAD)$/.test(method)
    return isRoot ? redirectToDocs(method, env) : app.fetch(request, env, ctx)
  },
}

/** For whoever opens the Worker's address after a deploy. An app that people mount has no such page. */
function redirectToDocs(method: string, env: object): Response {
  service(env).startRequest()({ method, route: '/', status: 302 })
  return new Response(null, { status: 302, headers: { ...RESPONSE_HEADERS, Location: '/docs' } })
}

/** Bind to it from another Worker with `entrypoint = "LoginService"`. */
export class LoginService extends createLoginService({ service }) {}
