/**
 * What the documents say about errors, in English and Chinese. A row of the error table or a kind of
 * call without a text here does not compile; an `advice` or `detail` of wechat/errcodes.ts without
 * Chinese stops `npm run docs`.
 */

import type { ErrorCode } from '../../src/core/errors'
import type { WeChatCall } from '../../src/login/wechat/errcodes'
import type { Text } from '../texts'

/** When each error occurs. */
export const WHEN: Readonly<Record<ErrorCode, Text>> = {
  invalid_request: {
    en: 'The body is not a JSON object, or a field is missing, has the wrong type, is too long, is not base64 of the right size, or was changed on its way. `errors` names each field.',
    zh: '请求体不是 JSON 对象，或者某个字段缺失、类型不对、过长、不是长度正确的 base64，或在途中被改动过。`errors` 会指出每个有误的字段。',
  },
  code_invalid: {
    en: 'WeChat does not know the code. It is older than five minutes, from another mini program, or of the wrong kind: `wx.login` and the phone button give different codes.',
    zh: '微信不认识这个 code：它已超过五分钟，或属于别的小程序，或用错了地方（`wx.login` 的 code 与手机号按钮的 code 不能混用）。',
  },
  code_used: {
    en: 'The code has been exchanged before.',
    zh: 'code 已经换取过。',
  },
  user_blocked: {
    en: 'WeChat rates the user as high-risk and refuses the login.',
    zh: '微信判定该用户为高风险用户，拒绝登录。',
  },
  rate_limited: {
    en: 'WeChat allows no more calls for this user within a minute, or the server receives too many requests from one IP address, user or session.',
    zh: '该用户一分钟内的调用次数超出了微信的限制，或者同一 IP 地址、同一用户或同一会话向服务器发送的请求过多。',
  },
  wechat_quota: {
    en: "The mini program's daily quota at WeChat is used up. WeChat's `clear_quota` resets it.",
    zh: '小程序当天的微信接口调用额度已用完。可以调用微信的 `clear_quota` 接口将其清零。',
  },
  wechat_busy: {
    en: 'WeChat is busy.',
    zh: '微信系统繁忙。',
  },
  wechat_timeout: {
    en: 'WeChat gave no complete response within five seconds.',
    zh: '五秒内没有收到微信的完整响应。',
  },
  wechat_unavailable: {
    en: "The connection to WeChat failed, or WeChat's response is an HTTP error, has an errcode that the server does not know, or lacks what it should contain.",
    zh: '连接不上微信，或者微信返回了 HTTP 错误、服务器不认识的 errcode，或响应缺少应有的内容。',
  },
  access_token_refused: {
    en: 'WeChat rejects the access_token that it has just issued to the server.',
    zh: '微信拒绝了它刚刚签发给服务器的 access_token。',
  },
  misconfigured: {
    en: 'A setting is missing or wrong. The log of the server names it.',
    zh: '配置缺失或有误。服务器的日志会指出是哪一项。',
  },
  session_required: {
    en: 'The request has no bearer token.',
    zh: '请求没有携带 Bearer token。',
  },
  session_invalid: {
    en: 'The session has ended, or the server has not issued this token.',
    zh: '会话已经结束，或者 token 不是这台服务器签发的。',
  },
  session_key_stale: {
    en: 'The signature does not match, or the data does not decrypt, because it belongs to another session_key.',
    zh: '签名不一致，或数据解不开，因为它们用的是另一个 session_key。',
  },
  watermark_mismatch: {
    en: 'The data was issued to another mini program.',
    zh: '数据属于别的小程序。',
  },
  watermark_expired: {
    en: 'The data is older than `OPEN_DATA_MAX_AGE`, or dated more than a minute in the future.',
    zh: '数据的时间早于 `OPEN_DATA_MAX_AGE` 所允许的，或比当前时间超前一分钟以上。',
  },
  openid_mismatch: {
    en: 'The data, or the code of the phone button, belongs to another user.',
    zh: '数据或手机号 code 属于别的用户。',
  },
  appid_required: {
    en: 'The server has several mini programs, and the request names none of them.',
    zh: '服务器配置了多个小程序，而请求没有指明是哪一个。',
  },
  appid_unknown: {
    en: 'The server is not configured for this mini program.',
    zh: '服务器没有配置这个小程序。',
  },
  service_key_required: {
    en: 'The request has no service key.',
    zh: '请求没有携带服务密钥。',
  },
  service_key_invalid: {
    en: 'The key is not one of `SERVICE_KEYS`.',
    zh: '密钥不是 `SERVICE_KEYS` 之一。',
  },
  gateway_key_invalid: {
    en: 'The gateway has not sent one of `GATEWAY_KEYS` or `SERVICE_KEYS` in `X-Service-Key`.',
    zh: '网关没有在 `X-Service-Key` 中携带 `GATEWAY_KEYS` 或 `SERVICE_KEYS` 中的密钥。',
  },
  login_denied: {
    en: 'The login hook of the developer has denied the login.',
    zh: '开发者的登录钩子（hook）拒绝了这次登录。',
  },
  hook_unavailable: {
    en: 'A hook of the developer failed, was late, or returned something unusable, or a pushed message needs one that is missing. The log says which. If it was `findMiniProgram`, the action is `retry_later`.',
    zh: '开发者的钩子（hook）出错、超时、返回了无法使用的结果，或者某条推送消息需要钩子却没有配置。日志会说明是哪种情况。如果出问题的是 `findMiniProgram`，action 为 `retry_later`。',
  },
  wechat_path_refused: {
    en: 'The pass-through does not allow this path of WeChat, or it is not a plain path.',
    zh: '透传接口不允许调用微信的这个路径，或者路径的写法不合规。',
  },
  openid_invalid: {
    en: 'The mini program has no user with this openid.',
    zh: '该小程序没有这个 openid 对应的用户。',
  },
  template_invalid: {
    en: 'The mini program has no subscribe message template with this id.',
    zh: '该小程序没有这个订阅消息模板。',
  },
  page_invalid: {
    en: 'The released mini program has no such page.',
    zh: '已发布的小程序里没有这个页面。',
  },
  message_refused: {
    en: 'The user has not allowed this message, or every message that was allowed has been sent.',
    zh: '用户没有同意接收这条消息，或同意的次数已用完。',
  },
  message_banned: {
    en: 'WeChat has withdrawn subscribe messages from the mini program, or has banned the template.',
    zh: '微信已封禁该小程序的订阅消息能力，或封禁了该模板。',
  },
  message_conflict: {
    en: 'Another message to this user is being sent.',
    zh: '正在给该用户发送另一条消息。',
  },
  message_sensitive: {
    en: 'The message contains words that WeChat refuses.',
    zh: '消息含有敏感词。',
  },
  message_data_invalid: {
    en: 'The data does not fit the template. `errors` names the field if WeChat does.',
    zh: '数据与模板不符。如果微信指出了是哪个字段，`errors` 里会有。',
  },
  event_refused: {
    en: 'The pushed message is not from WeChat, is too old, or is for another mini program.',
    zh: '推送的消息不是来自微信、不是刚刚发出的，或不是给这个小程序的。',
  },
  store_unavailable: {
    en: 'Workers KV fails, or its quota is used up. It is not known whether the token is valid.',
    zh: 'Workers KV 出错，或额度已用完，无法得知 token 是否有效。',
  },
  not_found: {
    en: 'There is no such path, the user has no such session, or the endpoint is off because its setting is missing.',
    zh: '没有这个路径，或该用户没有这个会话，或者相应的配置项没有设置，所以接口未启用。',
  },
  method_not_allowed: {
    en: 'The path has no such method. The `Allow` header lists those that it has.',
    zh: '这个路径不支持该方法。`Allow` 响应头列出了支持的方法。',
  },
  body_too_large: {
    en: 'The body is larger than 64 KiB, or on `/wechat/api/*` larger than 10 MiB, or than 2 MiB without a `Content-Length`.',
    zh: '请求体超过 64 KiB；对 `/wechat/api/*` 来说，则是超过 10 MiB，没有 `Content-Length` 时是超过 2 MiB。',
  },
  unsupported_media_type: {
    en: 'The body is not UTF-8 JSON, or on `/introspect` and `/revoke` not a form.',
    zh: '请求体不是 UTF-8 编码的 JSON；对 `/introspect` 和 `/revoke` 来说，则是请求体不是表单。',
  },
  internal_error: {
    en: 'An unexpected error occurred. The log of the server says where.',
    zh: '发生了意外错误。服务器的日志会写明出在哪里。',
  },
}

/** The calls to WeChat, as the errcode table names them. */
export const CALLS: Readonly<Record<WeChatCall, Text>> = {
  code2session: { en: 'login', zh: '登录' },
  access_token: { en: 'access_token', zh: '获取 access_token' },
  phone_number: { en: 'phone number', zh: '手机号' },
  session_key: {
    en: 'check or reset of the session_key, encryption keys',
    zh: '检查或重置 session_key、获取加密密钥',
  },
  subscribe_message: { en: 'subscribe message', zh: '订阅消息' },
}

/** The texts of wechat/errcodes.ts, `advice` and `detail`, in Chinese. */
export const CHINESE: Readonly<Record<string, string>> = {
  'WeChat does not accept this phone code. It is older than five minutes, used, or not from the phone button. The user has to tap again.':
    '微信不接受这个手机号 code：它已超过五分钟，或已经用过，或不是手机号按钮给出的。用户需要再点一次。',
  'WECHAT_APPSECRET is not the secret of this appid': 'WECHAT_APPSECRET 与 AppID 不匹配',
  'WeChat was busy. The message may have been sent, so it was not sent again.':
    '微信系统繁忙。消息可能已经发出，因此没有再次发送。',
  'WeChat has banned this template.': '微信已封禁该模板。',
  'this appid may not call getPhoneNumber: personal accounts and accounts that are not verified have no phone number API':
    '这个 AppID 无权调用 getPhoneNumber：个人主体和未认证的小程序没有手机号接口',
  'the phone code is from another mini program than the access_token; check WECHAT_APPID and WECHAT_APPS':
    '手机号 code 与 access_token 不属于同一个小程序，请检查 WECHAT_APPID 和 WECHAT_APPS',
  'API security (API 安全) is on in the WeChat console, but this server neither signs nor encrypts its calls; turn it off':
    '小程序后台开启了“API 安全”，而服务器的请求既不签名也不加密，请关闭它',
  'WECHAT_API_BASE changes the request: its body did not reach WeChat as JSON':
    'WECHAT_API_BASE 改动了请求：请求体传到微信时不是 JSON',
  'WECHAT_API_BASE changes the request: openid, signature or sig_method did not reach WeChat':
    'WECHAT_API_BASE 改动了请求：openid、signature 或 sig_method 没有传到微信',
  'this appid may not call this API; the WeChat console lists its permissions':
    '这个 AppID 无权调用这个接口，权限列表见小程序后台',
  'WeChat has restricted the account of this appid; see the notices in the WeChat console':
    '该 AppID 的账号受到微信限制，请查看小程序后台的通知',
  'WECHAT_API_BASE puts in the access_token of a third-party platform, to which this appid has not granted this API':
    'WECHAT_API_BASE 换上了第三方平台的 access_token，而这个 AppID 没有把该接口授权给第三方平台',
  'an admin of the mini program has to confirm the IP address of this server in WeChat, or turn the IP allowlist off':
    '需要小程序管理员在微信中确认服务器的 IP 地址，或者关闭 IP 白名单',
  'WECHAT_API_BASE changes the request: grant_type did not reach WeChat':
    'WECHAT_API_BASE 改动了请求：grant_type 没有传到微信',
  'WECHAT_APPID is not an AppID that WeChat knows': 'WECHAT_APPID 无效，微信不认识这个 AppID',
  'the IP allowlist in the WeChat console refuses this server; Workers have no fixed IP address, so turn it off, or use a proxy that has one':
    '小程序后台的 IP 白名单拒绝了服务器；Workers 没有固定 IP，请关闭白名单，或使用有固定 IP 的代理',
  'WECHAT_APPSECRET is frozen; unfreeze it in the WeChat console, which takes about ten minutes':
    'WECHAT_APPSECRET 已被冻结，请在小程序后台解冻，约十分钟后生效',
  'WECHAT_APPID did not reach WeChat': 'WECHAT_APPID 没有传到微信',
  'WECHAT_APPSECRET did not reach WeChat': 'WECHAT_APPSECRET 没有传到微信',
  'WECHAT_API_BASE changes the request: js_code did not reach WeChat':
    'WECHAT_API_BASE 改动了请求：js_code 没有传到微信',
  'this appid may not have an access_token; ask WeChat support':
    '该 AppID 被禁止获取 access_token，请联系微信客服',
  'the account of this appid is frozen; see the WeChat console':
    '该 AppID 的账号已被冻结，请到小程序后台查看',
  'an admin of the mini program refused the IP address of this server; WeChat asks again after 24 hours':
    '小程序管理员拒绝了服务器的 IP 地址；24 小时后微信会再次询问',
  'an admin of the mini program refused the IP address of this server; WeChat asks again after 1 hour':
    '小程序管理员拒绝了服务器的 IP 地址；1 小时后微信会再次询问',
}
