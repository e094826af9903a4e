/**
 * `npm run dev`: the Worker and the sandbox in one process. The sandbox stands in for WeChat, and a
 * page at / shows what happens.
 *
 * Other processes can use the sandbox as their WeChat, too: WECHAT_API_BASE=http://127.0.0.1:8787
 */

import { env } from 'cloudflare:workers'
import { createApp } from '../http/app'
import { createLoginService } from '../login-service'
import { createService } from '../service'
import { workersRuntime } from '../workers-runtime'
import { deleteFutureSessions } from './future-sessions'
import { createHooks } from './hooks'
import { createPageApi } from './page-api'
import { openReply, pushRequest } from './push'
import { createRecorder } from './recorder'
import { findFile } from './static-files'
import { createClock, createDelay } from './time'
import { createSandbox } from './wechat'

// The tests serve the built Worker without its files.
const { ASSETS, SESSIONS } = env as Cloudflare.Env & { readonly ASSETS?: Fetcher }

const clock = createClock(workersRuntime.now)
const delay = createDelay()
const recorder = createRecorder()
const { now } = clock

const sandbox = createSandbox({
  apps: { [env.WECHAT_APPID]: env.WECHAT_APPSECRET },
  now,
  deliver: async (appid, event) => {
    const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey } = env
    const options = { appid, token, encodingAESKey, timestamp: now() }
    const request = await pushRequest('http://localhost/wechat/events', event, options)
    return openReply(await push(request), options)
  },
  pageApi: createPageApi({ clock, delay, recorder, sessions: SESSIONS }),
})

const callWeChat = recorder.recordRequests('worker', async (request) => {
  await delay.wait()
  return sandbox.fetch(request)
})
const hooks = recorder.recordHooks(createHooks(sandbox))
// A Worker that is bound as HOOKS takes the place of the sandbox's own hooks.
const service = createService(
  { ...workersRuntime, now, fetch: callWeChat },
  'HOOKS' in env ? {} : { hooks },
)
const app = createApp({ service })
const recordedEnv = { ...env, SESSIONS: recorder.recordKV(SESSIONS) }
const push = recorder.recordRequests('wechat', async (request) => app.fetch(request, recordedEnv))

/** Set by the first request: a Worker cannot reach KV before it. */
let ready: Promise<void> | undefined

export default {
  async fetch(request, _, ctx) {
    ready ??= deleteFutureSessions(SESSIONS, now())
    await ready
    const { pathname } = new URL(request.url)
    if (/^\/(?:sandbox|sns|cgi-bin|wxa)(?:\/|$)/.test(pathname)) return sandbox.fetch(request)
    return (await findFile(request, ASSETS)) ?? app.fetch(request, recordedEnv, ctx)
  },
} satisfies ExportedHandler<Cloudflare.Env>

export class LoginService extends createLoginService({ service }) {}
