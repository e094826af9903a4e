/**
 * `npm run dev`: the Worker with the sandbox as its WeChat, in one process.
 *
 * The sandbox's server API is reachable too, so another process can have this one as its WeChat:
 * WECHAT_API_BASE=http://127.0.0.1:8787
 */

import { env } from 'cloudflare:workers'
import { createApp } from '../../src/app'
import { workerDeps } from '../../src/deps'
import { createSandbox } from './wechat'

const { WECHAT_APPID: appid, WECHAT_APPSECRET: appsecret } = env
const sandbox = createSandbox({ appid, appsecret, now: workerDeps.now })
const app = createApp({ ...workerDeps, fetch: sandbox.fetch })

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    return /^\/(?:$|sandbox|sns)/.test(pathname)
      ? sandbox.fetch(request)
      : app.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Cloudflare.Env>
