/**
 * Every failure a client can see, in one table.
 *
 * It is the only source of codes, statuses, titles and actions. The README's table is
 * tested against it, and WeChat's errcodes reach the client through it and nowhere else.
 */

/** What the client should do next. */
export type Action =
  /** Call `wx.login` and `POST /login` again; for open data, fetch the data again afterwards. */
  | 'login_again'
  /** Repeat the same request after `Retry-After` seconds. */
  | 'retry_later'
  /** The request itself is wrong; repeating it cannot help. */
  | 'fix_request'
  /** Nothing the client does will help. */
  | 'stop'

/** What WeChat is called for; an errcode can mean different things on different calls. */
export type Api = 'code2session' | 'access_token' | 'phone_number' | 'session_key' | 'message'

/** One kind of failure. */
export interface ErrorRow {
  readonly status: number
  readonly title: string
  readonly action: Action
  /** What happened, for a person; never holds a value from the request or from WeChat. */
  readonly detail: string
  /** WeChat errcodes that mean this. */
  readonly errcodes?: readonly number[]
  /** The calls on which they do; all, if left out. */
  readonly apis?: readonly Api[]
  /** `Retry-After`, in seconds. */
  readonly retryAfter?: number
}

export const ERRORS = {
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    action: 'fix_request',
    detail: 'The request is not what this endpoint takes; `errors` names each problem.',
  },
  code_invalid: {
    status: 400,
    title: 'Code invalid',
    action: 'login_again',
    detail:
      'WeChat does not know this code: it is older than five minutes, from another mini program, or not from wx.login.',
    errcodes: [40029],
  },
  code_used: {
    status: 400,
    title: 'Code already used',
    action: 'login_again',
    detail: 'A code can be exchanged once. Call wx.login for a fresh one.',
    errcodes: [40163],
  },
  user_blocked: {
    status: 403,
    title: 'User blocked by WeChat',
    action: 'stop',
    detail: 'WeChat rates this user as high-risk and refuses the login.',
    errcodes: [40226],
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    action: 'retry_later',
    detail: 'WeChat limits how often one user may do this per minute.',
    errcodes: [45011],
    retryAfter: 60,
  },
  wechat_quota: {
    status: 503,
    title: 'WeChat quota used up',
    action: 'retry_later',
    detail: "The mini program's daily quota at WeChat is used up.",
    errcodes: [45009],
    retryAfter: 3600,
  },
  wechat_busy: {
    status: 503,
    title: 'WeChat busy',
    action: 'retry_later',
    detail: 'WeChat asked to be called again later. A code that was sent is still unused.',
    errcodes: [-1],
    retryAfter: 2,
  },
  wechat_timeout: {
    status: 504,
    title: 'WeChat did not answer in time',
    action: 'login_again',
    detail: 'A code that was sent may be spent, so it is not tried again. Take a fresh one.',
  },
  wechat_unavailable: {
    status: 502,
    title: 'WeChat unavailable',
    action: 'login_again',
    detail: 'WeChat gave no usable answer. A code that was sent may be spent. Take a fresh one.',
  },
  access_token_refused: {
    status: 502,
    title: 'Access token refused',
    action: 'retry_later',
    detail: 'WeChat refuses the access_token that it has just given the server.',
    errcodes: [40001, 40014, 42001, 41001],
    apis: ['phone_number', 'session_key', 'message'],
    retryAfter: 60,
  },
  misconfigured: {
    status: 500,
    title: 'Server misconfigured',
    action: 'stop',
    detail: "The server's settings are wrong. Its log says which.",
    errcodes: [
      40013, 40125, 40164, 40243, 41002, 41004, 41008, 40002, 50004, 50007, 89501, 89503, 89506,
      89507,
    ],
  },
  session_required: {
    status: 401,
    title: 'Session required',
    action: 'login_again',
    detail: 'Send the token of POST /login as `Authorization: Bearer <token>`.',
  },
  session_invalid: {
    status: 401,
    title: 'Session invalid',
    action: 'login_again',
    detail: 'The session has ended, or the token is not one of ours.',
  },
  session_key_stale: {
    status: 409,
    title: 'Session key stale',
    action: 'login_again',
    detail:
      'The data does not belong to the session key of this login. Log in first, then fetch the data again.',
    errcodes: [87007, 87009],
    apis: ['session_key'],
  },
  watermark_mismatch: {
    status: 422,
    title: 'Watermark of another app',
    action: 'stop',
    detail: 'The data was issued to another mini program.',
  },
  watermark_expired: {
    status: 422,
    title: 'Watermark expired',
    action: 'login_again',
    detail: 'The data is too old, or its time lies in the future. Fetch it again.',
  },
  openid_mismatch: {
    status: 422,
    title: 'Data of another user',
    action: 'stop',
    detail: 'The data belongs to another user than this session.',
  },
  appid_required: {
    status: 400,
    title: 'AppID required',
    action: 'fix_request',
    detail: 'This server has several mini programs. Say which one you mean as `appid`.',
  },
  appid_unknown: {
    status: 400,
    title: 'AppID unknown',
    action: 'fix_request',
    detail: 'This server does not have the mini program that the request is for.',
  },
  service_key_required: {
    status: 401,
    title: 'Service key required',
    action: 'fix_request',
    detail: 'This is for backends. Send one of SERVICE_KEYS as `Authorization: Bearer <key>`.',
  },
  service_key_invalid: {
    status: 401,
    title: 'Service key invalid',
    action: 'fix_request',
    detail: 'The key is not one of SERVICE_KEYS.',
  },
  openid_invalid: {
    status: 400,
    title: 'Openid invalid',
    action: 'fix_request',
    detail: 'WeChat does not know this openid in this mini program.',
    errcodes: [40003],
    apis: ['message'],
  },
  template_invalid: {
    status: 400,
    title: 'Template invalid',
    action: 'fix_request',
    detail: 'This mini program has no subscribe message template with this id.',
    errcodes: [40037],
    apis: ['message'],
  },
  page_invalid: {
    status: 400,
    title: 'Page invalid',
    action: 'fix_request',
    detail: 'The released mini program has no such page.',
    errcodes: [41030],
    apis: ['message'],
  },
  message_refused: {
    status: 403,
    title: 'Message refused by the user',
    action: 'stop',
    detail: 'The user did not allow this message, or every message allowed has been sent.',
    errcodes: [43101],
    apis: ['message'],
  },
  message_banned: {
    status: 403,
    title: 'Messages banned by WeChat',
    action: 'stop',
    detail: 'WeChat has taken this capability from the mini program.',
    errcodes: [43107],
    apis: ['message'],
  },
  message_conflict: {
    status: 429,
    title: 'Messages to one user at once',
    action: 'retry_later',
    detail: 'Another message to this user is being sent.',
    errcodes: [43108],
    apis: ['message'],
    retryAfter: 1,
  },
  message_sensitive: {
    status: 400,
    title: 'Message has sensitive words',
    action: 'fix_request',
    detail: 'WeChat refuses words in the message.',
    errcodes: [45168],
    apis: ['message'],
  },
  message_data_invalid: {
    status: 400,
    title: 'Message data invalid',
    action: 'fix_request',
    detail: 'The data does not fit the template; `errors` names the field where WeChat does.',
    errcodes: [47003, 47001],
    apis: ['message'],
  },
  event_refused: {
    status: 403,
    title: 'Event refused',
    action: 'stop',
    detail: 'This is not a message from WeChat, or not a fresh one. The log says why.',
  },
  store_unavailable: {
    status: 503,
    title: 'Session store unavailable',
    action: 'retry_later',
    detail: 'Sessions cannot be read or written right now; whether the token is good is not known.',
    retryAfter: 5,
  },
  not_found: {
    status: 404,
    title: 'Not found',
    action: 'fix_request',
    detail: 'There is nothing here.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    action: 'fix_request',
    detail: '`Allow` lists the methods of this path.',
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    action: 'fix_request',
    detail: 'A request body may have 64 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    action: 'fix_request',
    detail: 'Send uncompressed UTF-8 JSON with `Content-Type: application/json`.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    action: 'retry_later',
    detail: 'Something unexpected happened. The log has the details.',
    retryAfter: 5,
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** The code an errcode stands for on a call; an unknown one is `wechat_unavailable`. */
export function codeOfErrcode(errcode: number, api: Api): ErrorCode {
  const rows: [string, ErrorRow][] = Object.entries(ERRORS)
  const found = rows.find(
    ([, { errcodes, apis }]) => errcodes?.includes(errcode) && (!apis || apis.includes(api)),
  )
  return found ? (found[0] as ErrorCode) : 'wechat_unavailable'
}
