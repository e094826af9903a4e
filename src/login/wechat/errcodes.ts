/**
 * WeChat's errcodes: what each one means on which call. This is the only place that knows them;
 * the table in docs/troubleshooting.md is generated from it.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
 */

import type { ErrorCode } from '../../core/errors'

/** The kinds of calls that can fail; one errcode can mean different things on different calls. */
export type WeChatCall =
  | 'code2session'
  | 'access_token'
  | 'phone_number'
  | 'session_key'
  | 'subscribe_message'

/** What an errcode stands for. */
export interface ErrcodeRow {
  readonly errcode: number
  readonly code: ErrorCode
  /** The calls on which it means this; all of them if absent. */
  readonly calls?: readonly WeChatCall[]
  /** What happened, where the error table's text does not fit this call. */
  readonly detail?: string
  /** What the operator should do; goes to the log only. */
  readonly advice?: string
  /** Whether `errmsg` names the IP address that WeChat saw, which the operator needs. */
  readonly namesIp?: true
  /** Whether the errcode has no row for this call. */
  readonly isUndocumented?: true
}

const WITH_ACCESS_TOKEN = ['phone_number', 'session_key', 'subscribe_message'] as const

const PHONE_CODE_DETAIL =
  'WeChat does not accept this phone code. It is older than five minutes, used, or not from the phone button. The user has to tap again.'

/** What WeChat refuses unsigned or unencrypted calls with, where the console asks for both. */
const API_SECURITY_ERRCODES = [
  40230, 40231, 40232, 40233, 40234, 40235, 40236, 40237, 40238, 40239, 40240,
]

const SECRET_ADVICE = 'WECHAT_APPSECRET is not the secret of this appid'
const SIGNED_QUERY_ADVICE =
  'WECHAT_API_BASE changes the request: openid, signature or sig_method did not reach WeChat'
const IP_CONFIRMATION_ADVICE =
  'an admin of the mini program has to confirm the IP address of this server in WeChat, or turn the IP allowlist off'

export const ERRCODES: readonly ErrcodeRow[] = [
  {
    errcode: -1,
    code: 'wechat_busy',
    calls: ['subscribe_message'],
    detail: 'WeChat was busy. The message may have been sent, so it was not sent again.',
  },
  { errcode: -1, code: 'wechat_busy' },
  { errcode: 40001, code: 'misconfigured', calls: ['access_token'], advice: SECRET_ADVICE },
  { errcode: 40001, code: 'access_token_refused', calls: WITH_ACCESS_TOKEN },
  {
    errcode: 40002,
    code: 'misconfigured',
    advice: 'WECHAT_API_BASE changes the request: grant_type did not reach WeChat',
  },
  { errcode: 40003, code: 'openid_invalid', calls: ['subscribe_message'] },
  { errcode: 40003, code: 'openid_mismatch', calls: ['phone_number'] },
  {
    errcode: 40013,
    code: 'misconfigured',
    calls: ['phone_number'],
    advice:
      'the phone code is from another mini program than the access_token; check WECHAT_APPID and WECHAT_APPS',
  },
  {
    errcode: 40013,
    code: 'misconfigured',
    advice: 'WECHAT_APPID is not an AppID that WeChat knows',
  },
  { errcode: 40014, code: 'access_token_refused', calls: WITH_ACCESS_TOKEN },
  { errcode: 40029, code: 'code_invalid', calls: ['phone_number'], detail: PHONE_CODE_DETAIL },
  { errcode: 40029, code: 'code_invalid', calls: ['code2session'] },
  { errcode: 40037, code: 'template_invalid', calls: ['subscribe_message'] },
  {
    errcode: 40097,
    code: 'wechat_unavailable',
    calls: ['session_key'],
    advice: SIGNED_QUERY_ADVICE,
  },
  { errcode: 40125, code: 'misconfigured', advice: SECRET_ADVICE },
  { errcode: 40163, code: 'code_used', calls: ['code2session'] },
  {
    errcode: 40164,
    code: 'misconfigured',
    advice:
      'the IP allowlist in the WeChat console refuses this server; Workers have no fixed IP address, so turn it off, or use a proxy that has one',
    namesIp: true,
  },
  { errcode: 40226, code: 'user_blocked', calls: ['code2session'] },
  ...API_SECURITY_ERRCODES.map((errcode) => ({
    errcode,
    code: 'misconfigured' as const,
    advice:
      'API security (API 安全) is on in the WeChat console, but this server neither signs nor encrypts its calls; turn it off',
  })),
  {
    errcode: 40243,
    code: 'misconfigured',
    advice:
      'WECHAT_APPSECRET is frozen; unfreeze it in the WeChat console, which takes about ten minutes',
  },
  { errcode: 41001, code: 'access_token_refused', calls: WITH_ACCESS_TOKEN },
  { errcode: 41002, code: 'misconfigured', advice: 'WECHAT_APPID did not reach WeChat' },
  { errcode: 41004, code: 'misconfigured', advice: 'WECHAT_APPSECRET did not reach WeChat' },
  {
    errcode: 41008,
    code: 'misconfigured',
    advice: 'WECHAT_API_BASE changes the request: js_code did not reach WeChat',
  },
  { errcode: 41030, code: 'page_invalid', calls: ['subscribe_message'] },
  { errcode: 42001, code: 'access_token_refused', calls: WITH_ACCESS_TOKEN },
  { errcode: 43101, code: 'message_refused', calls: ['subscribe_message'] },
  { errcode: 43107, code: 'message_banned', calls: ['subscribe_message'] },
  { errcode: 43108, code: 'message_conflict', calls: ['subscribe_message'] },
  {
    errcode: 43116,
    code: 'message_banned',
    calls: ['subscribe_message'],
    detail: 'WeChat has banned this template.',
  },
  { errcode: 45009, code: 'wechat_quota' },
  { errcode: 45011, code: 'rate_limited' },
  { errcode: 45168, code: 'message_sensitive', calls: ['subscribe_message'] },
  { errcode: 47001, code: 'message_data_invalid', calls: ['subscribe_message'] },
  {
    errcode: 47001,
    code: 'wechat_unavailable',
    advice: 'WECHAT_API_BASE changes the request: its body did not reach WeChat as JSON',
  },
  { errcode: 47003, code: 'message_data_invalid', calls: ['subscribe_message'] },
  {
    errcode: 48001,
    code: 'misconfigured',
    calls: ['phone_number'],
    advice:
      'this appid may not call getPhoneNumber: personal accounts and accounts that are not verified have no phone number API',
  },
  {
    errcode: 48001,
    code: 'misconfigured',
    advice: 'this appid may not call this API; the WeChat console lists its permissions',
  },
  {
    errcode: 50002,
    code: 'misconfigured',
    advice:
      'WeChat has restricted the account of this appid; see the notices in the WeChat console',
  },
  {
    errcode: 50004,
    code: 'misconfigured',
    advice: 'this appid may not have an access_token; ask WeChat support',
  },
  {
    errcode: 50007,
    code: 'misconfigured',
    advice: 'the account of this appid is frozen; see the WeChat console',
  },
  {
    errcode: 61007,
    code: 'misconfigured',
    advice:
      'WECHAT_API_BASE puts in the access_token of a third-party platform, to which this appid has not granted this API',
  },
  { errcode: 87007, code: 'session_key_stale', calls: ['session_key'] },
  {
    errcode: 87008,
    code: 'wechat_unavailable',
    calls: ['session_key'],
    advice: SIGNED_QUERY_ADVICE,
  },
  { errcode: 87009, code: 'session_key_stale', calls: ['session_key'] },
  { errcode: 89501, code: 'misconfigured', advice: IP_CONFIRMATION_ADVICE },
  { errcode: 89503, code: 'misconfigured', advice: IP_CONFIRMATION_ADVICE },
  {
    errcode: 89506,
    code: 'misconfigured',
    advice:
      'an admin of the mini program refused the IP address of this server; WeChat asks again after 24 hours',
  },
  {
    errcode: 89507,
    code: 'misconfigured',
    advice:
      'an admin of the mini program refused the IP address of this server; WeChat asks again after 1 hour',
  },
  { errcode: 200016, code: 'message_data_invalid', calls: ['subscribe_message'] },
]

/** What an errcode means on a call. WeChat's list for phone codes is incomplete. */
export function findErrcodeRow(errcode: number, call: WeChatCall): ErrcodeRow {
  const row = ERRCODES.find((row) => row.errcode === errcode && (row.calls?.includes(call) ?? true))
  if (row) return row
  return call === 'phone_number'
    ? { errcode, code: 'code_invalid', detail: PHONE_CODE_DETAIL, isUndocumented: true }
    : { errcode, code: 'wechat_unavailable', isUndocumented: true }
}

/** Whether WeChat asks for another attempt. After any other failure a code may be spent. */
export function isBusy(errcode: number): boolean {
  return errcode === -1
}

/** Whether the access_token has expired, or another refresh has replaced it. */
export function isAccessTokenRejected(errcode: number): boolean {
  return errcode === 40001 || errcode === 40014 || errcode === 42001
}

/** Whether a signature was made with a session_key that is not the current one. */
export function isSessionKeyStale(errcode: number): boolean {
  return errcode === 87009
}
