/**
 * code2session: the login backend of WeChat Mini Programs as one Cloudflare Worker.
 *
 * Needs, as wrangler.toml declares them: the var WECHAT_APPID and the secret WECHAT_APPSECRET, or
 * WECHAT_APPS for several mini programs, and the KV namespace SESSIONS. The rest is optional: see
 * config.ts.
 */

import { createApp } from './http/app'
import { createLoginService } from './login-service'
import { createCore } from './service'

const core = createCore()

// Only fetch: whatever else an export has, another Worker could call over a service binding.
export default { fetch: createApp(core).fetch }

/** Bind to it from another Worker with `entrypoint = "LoginService"`. */
export class LoginService extends createLoginService(core) {}
