/**
 * code2session: the login backend of a WeChat Mini Program as one Cloudflare Worker.
 *
 * Needs, as wrangler.toml declares them: the var WECHAT_APPID, the secret WECHAT_APPSECRET and the
 * KV namespace SESSIONS. Optional: SESSION_TTL, OPEN_DATA_MAX_AGE, WECHAT_API_BASE.
 */

import { createApp } from './app'

export default createApp()
