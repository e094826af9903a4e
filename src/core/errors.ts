/**
 * Every failure that a client can see: the only source of codes, statuses, titles, actions and
 * challenges, also of the tables in the documents. WeChat's errcodes are in wechat/errcodes.ts.
 */

import type { ErrorRow } from './error-row'

/** The challenge to a caller that has sent no credential. */
export const BEARER_CHALLENGE = 'Bearer realm="code2session"'
const INVALID_TOKEN_CHALLENGE = `${BEARER_CHALLENGE}, error="invalid_token"`

export const ERRORS = {
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    action: 'fix_request',
    detail: 'The request does not have the expected form. `errors` names each problem.',
  },
  code_invalid: {
    status: 400,
    title: 'Code invalid',
    action: 'login_again',
    detail:
      'WeChat does not know this code. It is older than five minutes, from another mini program, or not from wx.login.',
  },
  code_used: {
    status: 400,
    title: 'Code already used',
    action: 'login_again',
    detail: 'A code can be exchanged only once. Call wx.login for a new one.',
  },
  user_blocked: {
    status: 403,
    title: 'User blocked by WeChat',
    action: 'stop',
    detail: 'WeChat rates this user as high-risk and refuses the login.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    action: 'retry_later',
    detail: 'WeChat limits how often one user may do this per minute.',
    retryAfter: 60,
  },
  wechat_quota: {
    status: 503,
    title: 'WeChat quota used up',
    action: 'retry_later',
    detail: "The mini program's daily quota at WeChat is used up.",
    retryAfter: 3600,
  },
  wechat_busy: {
    status: 503,
    title: 'WeChat busy',
    action: 'retry_later',
    detail: 'WeChat is busy and asks for a later attempt.',
    retryAfter: 2,
  },
  wechat_timeout: {
    status: 504,
    title: 'WeChat did not answer in time',
    action: 'login_again',
    detail: 'A code that was sent may be spent. Call wx.login for a new one.',
  },
  wechat_unavailable: {
    status: 502,
    title: 'WeChat unavailable',
    action: 'login_again',
    detail:
      'WeChat gave no usable answer. A code that was sent may be spent. Call wx.login for a new one.',
  },
  access_token_refused: {
    status: 502,
    title: 'Access token refused',
    action: 'retry_later',
    detail: 'WeChat rejects the access_token that it has just issued to the server.',
    retryAfter: 60,
  },
  misconfigured: {
    status: 500,
    title: 'Server misconfigured',
    action: 'stop',
    detail: 'The server is not configured correctly. Its log names the settings to correct.',
  },
  session_required: {
    status: 401,
    title: 'Session required',
    action: 'login_again',
    detail: 'Send the token of POST /login as `Authorization: Bearer <token>`.',
    challenge: BEARER_CHALLENGE,
  },
  session_invalid: {
    status: 401,
    title: 'Session invalid',
    action: 'login_again',
    detail: 'The session has ended, or the token was not issued by this server.',
    challenge: INVALID_TOKEN_CHALLENGE,
  },
  session_key_stale: {
    status: 409,
    title: 'Session key stale',
    action: 'login_again',
    detail:
      'The data does not match the session key of this login. Log in first, then fetch the data again.',
  },
  watermark_mismatch: {
    status: 422,
    title: 'Watermark of another mini program',
    action: 'stop',
    detail: 'The data was issued to another mini program.',
  },
  watermark_expired: {
    status: 422,
    title: 'Watermark expired',
    action: 'login_again',
    detail: 'The data is too old or dated in the future. Fetch it again.',
  },
  openid_mismatch: {
    status: 422,
    title: 'Data of another user',
    action: 'stop',
    detail: 'The data belongs to a different user than the session.',
  },
  appid_required: {
    status: 400,
    title: 'AppID required',
    action: 'fix_request',
    detail: 'This server is configured for several mini programs. Name one of them as `appid`.',
  },
  appid_unknown: {
    status: 400,
    title: 'AppID unknown',
    action: 'fix_request',
    detail: 'This server is not configured for that mini program.',
  },
  service_key_required: {
    status: 401,
    title: 'Service key required',
    action: 'fix_request',
    detail:
      'This endpoint is for backends. Send one of SERVICE_KEYS as `Authorization: Bearer <key>`.',
    challenge: BEARER_CHALLENGE,
  },
  service_key_invalid: {
    status: 401,
    title: 'Service key invalid',
    action: 'fix_request',
    detail: 'The key is not one of SERVICE_KEYS.',
    challenge: INVALID_TOKEN_CHALLENGE,
  },
  gateway_key_invalid: {
    status: 403,
    title: 'Gateway key invalid',
    action: 'stop',
    detail: 'The gateway has to send one of GATEWAY_KEYS or SERVICE_KEYS as `X-Service-Key`.',
  },
  login_denied: {
    status: 403,
    title: 'Login denied',
    action: 'stop',
    detail: 'The developer of this mini program has denied the login.',
  },
  hook_unavailable: {
    status: 503,
    title: 'Hook unavailable',
    action: 'login_again',
    detail: 'A hook of this server failed or did not answer in time. Try again.',
    retryAfter: 5,
  },
  wechat_path_refused: {
    status: 403,
    title: 'WeChat path refused',
    action: 'fix_request',
    detail: 'This path of WeChat cannot be called through this server.',
  },
  openid_invalid: {
    status: 400,
    title: 'Openid invalid',
    action: 'fix_request',
    detail: 'WeChat does not know this openid in this mini program.',
  },
  template_invalid: {
    status: 400,
    title: 'Template invalid',
    action: 'fix_request',
    detail: 'This mini program has no subscribe message template with this id.',
  },
  page_invalid: {
    status: 400,
    title: 'Page invalid',
    action: 'fix_request',
    detail: 'The released mini program has no such page.',
  },
  message_refused: {
    status: 403,
    title: 'Message refused by the user',
    action: 'stop',
    detail: 'The user has not allowed this message, or every allowed message has been sent.',
  },
  message_banned: {
    status: 403,
    title: 'Messages banned by WeChat',
    action: 'stop',
    detail: 'WeChat has withdrawn this capability from the mini program.',
  },
  message_conflict: {
    status: 429,
    title: 'Concurrent messages to one user',
    action: 'retry_later',
    detail: 'Another message to this user is being sent.',
    retryAfter: 1,
  },
  message_sensitive: {
    status: 400,
    title: 'Message has sensitive words',
    action: 'fix_request',
    detail: 'The message contains words that WeChat refuses.',
  },
  message_data_invalid: {
    status: 400,
    title: 'Message data invalid',
    action: 'fix_request',
    detail: 'The data does not fit the template. `errors` names the field if WeChat does.',
  },
  event_refused: {
    status: 403,
    title: 'Event refused',
    action: 'stop',
    detail: 'This message is not from WeChat, or it is too old. The log says why.',
  },
  store_unavailable: {
    status: 503,
    title: 'Session store unavailable',
    action: 'retry_later',
    detail:
      'Sessions cannot be read or written at the moment, so it is not known whether the token is valid.',
    retryAfter: 5,
  },
  not_found: {
    status: 404,
    title: 'Not found',
    action: 'fix_request',
    detail:
      'There is nothing at this path. Paths are exact: lower case, no trailing slash, no prefix. GET /docs lists them.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    action: 'fix_request',
    detail: 'The `Allow` header lists the methods of this path.',
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    action: 'fix_request',
    detail: 'Request bodies are limited to 64 KiB.',
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
    detail: 'An unexpected error occurred. The log has the details.',
    retryAfter: 5,
  },
} as const satisfies Record<string, ErrorRow>

/**
 * Every code that a client can see.
 *
 * @example
 * const isDead = (code: ErrorCode) => code === 'session_invalid'
 */
export type ErrorCode = keyof typeof ERRORS
