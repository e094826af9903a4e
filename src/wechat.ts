/**
 * WeChat's side of a login: code2Session.
 *
 * The URL of this call carries the AppSecret and the code, so neither it nor an error that might
 * quote it ever leaves this file.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
 */

import { BODY_LIMIT, readAtMost } from './body'
import type { Config } from './config'
import type { Deps } from './deps'
import { base64Bytes, isObject, parseJson, textOf } from './encoding'
import { codeOfErrcode, Problem } from './errors'

/** A person as WeChat knows them in one mini program. */
export interface WeChatUser {
  readonly appid: string
  readonly openid: string
  /** `null` where the mini program is not bound to an Open Platform account. */
  readonly unionid: string | null
  /** Base64 of 16 bytes, as WeChat gave it. */
  readonly session_key: string
}

/** For one exchange with its retries, from the first byte sent to the last one read. */
const DEADLINE_MILLISECONDS = 5000

/** WeChat asks for a retry on errcode -1 only; no other failure leaves the code surely unspent. */
const BUSY_RETRIES = 2
const BACKOFF_MILLISECONDS = 100

/** What the operator should look at when WeChat refuses our side of the request. */
const SETTING_BY_ERRCODE: Readonly<Record<number, string>> = {
  40013: 'WECHAT_APPID is not an AppID WeChat knows',
  41002: 'WECHAT_APPID did not reach WeChat',
  40125: 'WECHAT_APPSECRET is not the secret of WECHAT_APPID',
  41004: 'WECHAT_APPSECRET did not reach WeChat',
  40243: 'WECHAT_APPSECRET is frozen; unfreeze it in the WeChat console',
  40164: "the WeChat console's IP allowlist is on; Workers have no fixed IP, so turn it off",
  40002: 'WECHAT_API_BASE changes the request: grant_type did not reach WeChat',
  41008: 'WECHAT_API_BASE changes the request: js_code did not reach WeChat',
}

/**
 * Exchanges a code for the user it stands for. One call, or up to three while WeChat is busy.
 *
 * @throws {Problem} any code that an errcode maps to, `wechat_timeout`, `wechat_unavailable`
 */
export async function code2Session(deps: Deps, config: Config, code: string): Promise<WeChatUser> {
  const signal = deps.deadline(DEADLINE_MILLISECONDS)
  for (let retries = BUSY_RETRIES; ; retries--) {
    try {
      return await exchange(deps, code2SessionRequest(config, code, signal))
    } catch (error) {
      if (retries === 0 || !(error instanceof Problem) || error.code !== 'wechat_busy') throw error
      const backoff = BACKOFF_MILLISECONDS * 2 ** (BUSY_RETRIES - retries)
      await deps.sleep(backoff * (1 + deps.random()))
    }
  }

  async function exchange(deps: Deps, request: Request): Promise<WeChatUser> {
    const answer = deps.fetch(request).then((response) => judgeCode2Session(response, config.appid))
    try {
      return await Promise.race([answer, rejectOn(signal)])
    } catch (error) {
      if (error instanceof Problem) throw error
      if (signal.aborted) throw new Problem('wechat_timeout')
      // The platform's message may quote the URL.
      throw new Problem('wechat_unavailable', { log: { reason: 'the connection failed' } })
    }
  }
}

/** The request: a GET whose query carries the AppSecret. */
export function code2SessionRequest(config: Config, code: string, signal: AbortSignal): Request {
  const query = new URLSearchParams({
    appid: config.appid,
    secret: config.appsecret,
    js_code: code,
    grant_type: 'authorization_code',
  })
  const headers = { Accept: 'application/json' }
  return new Request(`${config.apiBase}/sns/jscode2session?${query}`, {
    headers,
    redirect: 'manual',
    signal,
  })
}

/**
 * Judges an answer by its body, whatever its content type: WeChat sends JSON as text/plain.
 * Success is an openid and a session_key of 16 bytes, with errcode absent or 0.
 *
 * @throws {Problem} what the errcode maps to, or `wechat_unavailable`
 */
export async function judgeCode2Session(response: Response, appid: string): Promise<WeChatUser> {
  if (response.status >= 500) {
    await response.body?.cancel()
    throw unusable(`HTTP status ${response.status}`)
  }
  const bytes = await readAtMost(response.body, BODY_LIMIT)
  if (!bytes) throw unusable('the body is too large')
  const answer = parseJson(textOf(bytes) ?? '')
  if (!isObject(answer)) throw unusable('the body is not a JSON object')
  const { errcode = 0, errmsg, openid, session_key, unionid } = answer
  if (typeof errcode !== 'number') throw unusable('errcode is not a number')
  if (errcode !== 0) throw refusal(errcode, errmsg)
  if (!response.ok) throw unusable(`HTTP status ${response.status}`)
  if (typeof openid !== 'string' || openid === '') throw unusable('openid is missing')
  if (typeof session_key !== 'string' || base64Bytes(session_key)?.length !== 16) {
    throw unusable('session_key is not base64 of 16 bytes')
  }
  return {
    appid,
    openid,
    unionid: typeof unionid === 'string' && unionid !== '' ? unionid : null,
    session_key,
  }
}

function refusal(errcode: number, errmsg: unknown): Problem {
  const code = codeOfErrcode(errcode)
  const rid = typeof errmsg === 'string' ? /\brid: ?([\w-]{1,64})/.exec(errmsg)?.[1] : undefined
  const setting = SETTING_BY_ERRCODE[errcode]
  return new Problem(code, { errcode, log: { rid, ...(setting && { settings: [setting] }) } })
}

function unusable(reason: string): Problem {
  return new Problem('wechat_unavailable', { log: { reason } })
}

/** Ends the wait even if whatever is waited for ignores the signal. */
function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
