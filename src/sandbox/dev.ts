/**
 * `npm run dev`: the Worker with the sandbox as its WeChat, in one process, and at / a page to watch
 * them.
 *
 * The sandbox's server API is reachable too, so another process can have this one as its WeChat:
 * WECHAT_API_BASE=http://127.0.0.1:8787
 */

import { env } from 'cloudflare:workers'
import { createApp } from '../http/app'
import { createLoginService } from '../login-service'
import { createService } from '../service'
import { workersRuntime } from '../workers-runtime'
import { pushRequest } from './push'
import { createRecorder } from './recorder'
import { createClock, createSlowness } from './time'
import { createWatch } from './page-api'
import { createSandbox } from './wechat'

const clock = createClock(workersRuntime.now)
const slowness = createSlowness()
const recorder = createRecorder()
const { now } = clock

const sandbox = createSandbox({
  apps: { [env.WECHAT_APPID]: env.WECHAT_APPSECRET },
  now,
  deliver: async (appid, event) => {
    const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey } = env
    const options = { appid, token, encodingAESKey, timestamp: now() }
    return push(await pushRequest('http://localhost/wechat/events', event, options))
  },
})
const watch = createWatch({ clock, slowness, recorder, sessions: env.SESSIONS })

const callWeChat = recorder.recorded('worker', async (request) => {
  await slowness.pass()
  return sandbox.fetch(request)
})
const service = createService({ ...workersRuntime, now, fetch: callWeChat })
const app = createApp({ service })
const watchedEnv = { ...env, SESSIONS: recorder.recordedKV(env.SESSIONS) }
const push = recorder.recorded('wechat', async (request) => app.fetch(request, watchedEnv))

export default {
  fetch(request, _, ctx) {
    const { pathname } = new URL(request.url)
    if (/^\/sandbox\/(?:watch|kv|clock|slow)$/.test(pathname)) return watch.fetch(request)
    return /^\/(?:$|sandbox|sns|cgi-bin|wxa)/.test(pathname)
      ? sandbox.fetch(request)
      : app.fetch(request, watchedEnv, ctx)
  },
} satisfies ExportedHandler<Cloudflare.Env>

export class LoginService extends createLoginService({ service }) {}
