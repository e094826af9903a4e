/** Every operation of the API: who calls it, with what, and what can come of it. */

import type { ErrorCode } from '../errors'
import type { SCHEMAS } from './schemas'

interface Body {
  readonly type?: string
  readonly schema: object
  readonly example: unknown
}

export interface Operation {
  readonly id: string
  readonly method: 'get' | 'post' | 'delete'
  readonly path: string
  readonly tag: 'mini program' | 'backend' | 'WeChat'
  readonly caller: 'anyone' | 'session' | 'service'
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly object[]
  readonly body?: Body
  readonly success: Readonly<Record<string, object>>
  /** Besides those that its caller and its body bring along. */
  readonly errors: readonly ErrorCode[]
}

const TOKEN =
  'JM9Se8pnKm9VPx5qK8K1d3dfTPdlNm7EW_mEUuPvseg.We8MlbyfPMnz4b_M6rnu95TmljdzsElgbNnywUfSMKo'
const USER_ID = TOKEN.slice(0, 43)
const SESSION_ID = 'alUfP__GFK_11hVUzvbmX5MfnsR23PPgYBp8km6d4zQ'
const APPID = 'wx4f4bc4dec97d474b'
const OPENID = 'orw-ifkRSf9Pp1ZgjPvSk91ji93-'
const CREATED = '2026-11-20T23:30:23.000Z'
const EXPIRES = '2026-11-27T23:30:23.000Z'

const ref = (name: keyof typeof SCHEMAS) => ({ $ref: `#/components/schemas/${name}` })
const json = (name: keyof typeof SCHEMAS, example: unknown, description = 'OK') => ({
  200: { description, content: { 'application/json': { schema: ref(name), example } } },
})
const noContent = (description: string) => ({ 204: { description } })
const plain = (description: string, example: string) => ({
  200: { description, content: { 'text/plain': { schema: { type: 'string' }, example } } },
})
const parameter = (
  name: string,
  where: 'path' | 'query',
  description: string,
  example: string,
) => ({
  name,
  in: where,
  required: where === 'path',
  description,
  schema: { type: 'string' },
  example,
})

/** What a call to WeChat can come to, whichever it is. */
const WECHAT: readonly ErrorCode[] = [
  'rate_limited',
  'wechat_quota',
  'wechat_busy',
  'wechat_timeout',
  'wechat_unavailable',
]
const SERVER_API: readonly ErrorCode[] = [...WECHAT, 'access_token_refused']
const OPEN_DATA: readonly ErrorCode[] = [
  'session_key_stale',
  'watermark_mismatch',
  'watermark_expired',
  'openid_mismatch',
]
const ENCRYPTED = {
  encryptedData: 'xFW+DdNtBGGTR4ZLQLwu4yP3EVTFCAj6kQoNSftRk0q0d7DL4jzZB5pdOlDz4z/j',
  iv: 'Ua94T5THl/gRYNRn8D8LwA==',
}
const LOGIN = {
  token: TOKEN,
  tokenType: 'Bearer',
  expiresIn: 604800,
  expiresAt: EXPIRES,
  userId: USER_ID,
}

const PUSH_PARAMETERS = ['signature', 'timestamp', 'nonce', 'echostr', 'msg_signature'].map(
  (name) =>
    parameter(name, 'query', "WeChat's.", name === 'timestamp' ? '1714036504' : '1514711492'),
)
const PUSH_ERRORS: readonly ErrorCode[] = [
  'not_found',
  'appid_required',
  'appid_unknown',
  'event_refused',
]

/** The push endpoint, with and without the appid in its path. */
function pushOperations(path: string, suffix: string): Operation[] {
  const inPath = suffix ? [parameter('appid', 'path', 'Which mini program.', APPID)] : []
  const common = { path, tag: 'WeChat', caller: 'anyone' } as const
  return [
    {
      ...common,
      id: `checkUrl${suffix}`,
      method: 'get',
      summary: 'The URL check of message push',
      parameters: [...inPath, ...PUSH_PARAMETERS],
      success: plain('`echostr`, to the letter', '437512'),
      errors: PUSH_ERRORS,
    },
    {
      ...common,
      id: `receiveEvent${suffix}`,
      method: 'post',
      summary: 'Takes an event',
      description:
        'A user who revokes or cancels loses all sessions. The body is JSON of any type.',
      parameters: [...inPath, ...PUSH_PARAMETERS],
      body: {
        schema: ref('Push'),
        example: { ToUserName: 'gh_97417a04a28d', Encrypt: '+qdx1OKC...' },
      },
      success: plain('Received', 'success'),
      errors: [...PUSH_ERRORS, 'store_unavailable'],
    },
  ]
}

export const OPERATIONS: readonly Operation[] = [
  {
    id: 'login',
    method: 'post',
    path: '/login',
    tag: 'mini program',
    caller: 'anyone',
    summary: 'Exchanges a code of wx.login for a session',
    description: 'With a live session in `Authorization`, that session ends.',
    body: { schema: ref('LoginRequest'), example: { code: '0F12tJcYbpXnTqrMXMFLUKIcMqw2coH9' } },
    success: json('Login', LOGIN),
    errors: [
      'code_invalid',
      'code_used',
      'user_blocked',
      ...WECHAT,
      'appid_required',
      'appid_unknown',
      'store_unavailable',
    ],
  },
  {
    id: 'getSession',
    method: 'get',
    path: '/session',
    tag: 'mini program',
    caller: 'session',
    summary: 'Whose session this is',
    success: json('Session', {
      userId: USER_ID,
      appid: APPID,
      createdAt: CREATED,
      expiresAt: EXPIRES,
    }),
    errors: [],
  },
  {
    id: 'endSession',
    method: 'delete',
    path: '/session',
    tag: 'mini program',
    caller: 'session',
    summary: 'Ends this session',
    success: noContent('It has ended'),
    errors: [],
  },
  {
    id: 'checkSessionKey',
    method: 'post',
    path: '/session/check',
    tag: 'mini program',
    caller: 'session',
    summary: "Asks WeChat whether this session's key is the current one",
    success: json('Valid', { valid: true }),
    errors: SERVER_API,
  },
  {
    id: 'resetSessionKey',
    method: 'post',
    path: '/session/reset',
    tag: 'mini program',
    caller: 'session',
    summary: 'Has WeChat make a new session_key: a new session, and the end of this one',
    success: json('Login', LOGIN),
    errors: [...SERVER_API, 'session_key_stale'],
  },
  {
    id: 'listSessions',
    method: 'get',
    path: '/sessions',
    tag: 'mini program',
    caller: 'session',
    summary: "All of this user's sessions, newest first",
    success: json('Sessions', {
      sessions: [
        {
          id: SESSION_ID,
          createdAt: CREATED,
          expiresAt: EXPIRES,
          userAgent: 'MicroMessenger',
          current: true,
        },
      ],
    }),
    errors: [],
  },
  {
    id: 'endAllSessions',
    method: 'delete',
    path: '/sessions',
    tag: 'mini program',
    caller: 'session',
    summary: "Ends all of this user's sessions, this one too",
    success: noContent('They have ended'),
    errors: [],
  },
  {
    id: 'endSessionById',
    method: 'delete',
    path: '/sessions/{id}',
    tag: 'mini program',
    caller: 'session',
    summary: "Ends one of this user's sessions",
    parameters: [parameter('id', 'path', 'As the list has it.', SESSION_ID)],
    success: noContent('It has ended'),
    errors: ['not_found'],
  },
  {
    id: 'verifyData',
    method: 'post',
    path: '/open-data/verify',
    tag: 'mini program',
    caller: 'session',
    summary: 'Verifies signed data',
    body: {
      schema: ref('SignedData'),
      example: {
        rawData: '{"nickName":"Band"}',
        signature: '75e81ceda165f4ffa64f4068af58c64b8f54b88c',
      },
    },
    success: json('Verified', { data: { nickName: 'Band' } }),
    errors: ['session_key_stale'],
  },
  {
    id: 'decryptData',
    method: 'post',
    path: '/open-data/decrypt',
    tag: 'mini program',
    caller: 'session',
    summary: 'Opens encrypted data',
    body: { schema: ref('EncryptedData'), example: ENCRYPTED },
    success: json('Decrypted', { data: { stepInfoList: [] }, timestamp: CREATED }),
    errors: OPEN_DATA,
  },
  {
    id: 'getPhoneNumber',
    method: 'post',
    path: '/phone-number',
    tag: 'mini program',
    caller: 'session',
    summary: 'The number behind the phone button',
    description: "Takes the button's whole `e.detail`.",
    body: { schema: ref('PhoneNumberRequest'), example: { code: '0e1f2a3b4c5d' } },
    success: json('PhoneNumber', {
      phoneNumber: '13580006666',
      purePhoneNumber: '13580006666',
      countryCode: '86',
    }),
    errors: ['code_invalid', ...SERVER_API, ...OPEN_DATA],
  },
  {
    id: 'introspect',
    method: 'post',
    path: '/introspect',
    tag: 'backend',
    caller: 'service',
    summary: 'Whose token this is (RFC 7662)',
    body: {
      type: 'application/x-www-form-urlencoded',
      schema: ref('IntrospectionRequest'),
      example: { token: TOKEN },
    },
    success: json('Introspection', {
      active: true,
      sub: USER_ID,
      client_id: APPID,
      openid: OPENID,
      iat: 1795217423,
      exp: 1795822223,
      token_type: 'Bearer',
    }),
    errors: ['store_unavailable'],
  },
  {
    id: 'sendSubscribeMessage',
    method: 'post',
    path: '/subscribe-messages',
    tag: 'backend',
    caller: 'service',
    summary: 'Sends one subscribe message',
    body: {
      schema: ref('SubscribeMessage'),
      example: { openid: OPENID, templateId: 'abc', data: { thing1: 'Your order' } },
    },
    success: noContent('Sent'),
    errors: [
      'appid_required',
      'appid_unknown',
      'openid_invalid',
      'template_invalid',
      'page_invalid',
      'message_refused',
      'message_banned',
      'message_conflict',
      'message_sensitive',
      'message_data_invalid',
      ...SERVER_API,
    ],
  },
  ...pushOperations('/wechat/events', ''),
  ...pushOperations('/wechat/events/{appid}', 'OfApp'),
  {
    id: 'health',
    method: 'get',
    path: '/health',
    tag: 'backend',
    caller: 'anyone',
    summary: 'Whether the Worker runs; touches nothing',
    success: json('Health', { status: 'ok' }),
    errors: [],
  },
]
