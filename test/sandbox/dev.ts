/**
 * `npm run dev`: the Worker with the sandbox as its WeChat, in one process.
 *
 * The sandbox's server API is reachable too, so another process can have this one as its WeChat:
 * WECHAT_API_BASE=http://127.0.0.1:8787
 */

import { env } from 'cloudflare:workers'
import { createApp } from '../../src/app'
import { createCore } from '../../src/core'
import { workerDeps } from '../../src/deps'
import { createLoginService } from '../../src/login-service'
import { pushRequest } from './push'
import { createSandbox } from './wechat'

const { now } = workerDeps

const sandbox = createSandbox({
  apps: { [env.WECHAT_APPID]: env.WECHAT_APPSECRET },
  now,
  deliver: async (appid, event) => {
    const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey } = env
    const options = { appid, token, encodingAESKey, timestamp: now() }
    return app.fetch(await pushRequest('http://localhost/wechat/events', event, options), env)
  },
})
const core = createCore({ ...workerDeps, fetch: sandbox.fetch })
const app = createApp(core)

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    return /^\/(?:$|sandbox|sns|cgi-bin|wxa)/.test(pathname)
      ? sandbox.fetch(request)
      : app.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Cloudflare.Env>

export class LoginService extends createLoginService(core) {}
