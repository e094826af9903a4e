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
const appid = env.WECHAT_APPID
const sandbox = createSandbox({ apps: { [appid]: env.WECHAT_APPSECRET }, now })
const core = createCore({ ...workerDeps, fetch: sandbox.fetch })
const app = createApp(core)

export default {
  async fetch(request, env, ctx) {
    const { pathname, origin } = new URL(request.url)
    if (pathname === '/sandbox/push') {
      const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey } = env
      const options = { appid, token, encodingAESKey, timestamp: now() }
      const push = await pushRequest(`${origin}/wechat/events`, await eventOf(request), options)
      return app.fetch(push, env, ctx)
    }
    return /^\/(?:$|sandbox|sns|cgi-bin|wxa)/.test(pathname)
      ? sandbox.fetch(request)
      : app.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Cloudflare.Env>

export class LoginService extends createLoginService(core) {}

/** `{"event"?: "user_authorization_revoke", "user"?: "alice"}` as WeChat words it. */
async function eventOf(request: Request): Promise<object> {
  const body: unknown = await request.json().catch(() => null)
  const { event = 'user_authorization_revoke', user = 'alice' } = Object(body)
  return {
    ToUserName: 'gh_97417a04a28d',
    FromUserName: 'oWeChatItself',
    CreateTime: now(),
    MsgType: 'event',
    Event: event,
    OpenID: await sandbox.openidOf(appid, String(user)),
    AppID: appid,
    RevokeInfo: '6',
  }
}
