/** The operations that a mini program calls. */

import type { ErrorCode } from '../../src/core/errors'
import { APPID, CREATED_AT, EXPIRES_AT, SESSION_ID, TOKEN, USER_ID } from '../example-values'
import { json, noContent, type Operation, parameter, ref } from '../operation'

const OPEN_DATA_ERRORS: readonly ErrorCode[] = [
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
  expiresAt: EXPIRES_AT,
  userId: USER_ID,
}

const OF_SESSION = { tag: 'Mini program', caller: 'session' } as const

const LOGIN_AND_SESSIONS: readonly Operation[] = [
  {
    id: 'login',
    method: 'post',
    path: '/login',
    tag: 'Mini program',
    caller: 'anyone',
    summary: 'Log in',
    description:
      'Exchanges the code of `wx.login` and starts a session. If the request has the token of a live session in `Authorization`, that session ends.',
    body: { schema: ref('LoginRequest'), example: { code: '0F12tJcYbpXnTqrMXMFLUKIcMqw2coH9' } },
    success: json('Login', LOGIN, 'The new session'),
    calls: ['code2session'],
    errors: [
      'appid_required',
      'appid_unknown',
      'login_denied',
      'hook_unavailable',
      'store_unavailable',
    ],
  },
  {
    ...OF_SESSION,
    id: 'getSession',
    method: 'get',
    path: '/session',
    summary: 'Get this session',
    success: json(
      'Session',
      { userId: USER_ID, appid: APPID, createdAt: CREATED_AT, expiresAt: EXPIRES_AT },
      'The session of the token',
    ),
  },
  {
    ...OF_SESSION,
    id: 'endSession',
    method: 'delete',
    path: '/session',
    summary: 'End this session',
    success: noContent('The session has ended'),
    errors: ['rate_limited'],
  },
  {
    ...OF_SESSION,
    id: 'checkSessionKey',
    method: 'post',
    path: '/session/check',
    summary: 'Check the session_key',
    description: 'Asks WeChat whether the session_key of this session is the current one.',
    success: json('Valid', { valid: true }, 'What WeChat says'),
    calls: ['access_token', 'session_key'],
  },
  {
    ...OF_SESSION,
    id: 'resetSessionKey',
    method: 'post',
    path: '/session/reset',
    summary: 'Reset the session_key',
    description:
      'Has WeChat replace the session_key. The response has a new token, and the old session has ended.',
    success: json('Login', LOGIN, 'The session with the new session_key'),
    calls: ['access_token', 'session_key'],
  },
  {
    ...OF_SESSION,
    id: 'issueAccessToken',
    method: 'post',
    path: '/session/access-token',
    summary: 'Get a JWT access token',
    description:
      'A token for a few minutes that your backends verify by themselves (RFC 9068). It exists only with `ACCESS_TOKEN_KEY`.',
    success: json(
      'JwtAccessToken',
      {
        accessToken: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJKTTlTIn0.c2lnbmF0dXJl',
        tokenType: 'Bearer',
        expiresIn: 300,
        expiresAt: '2026-11-20T23:35:23.000Z',
      },
      'The token; the session stays as it is',
    ),
    errors: ['not_found'],
  },
  {
    ...OF_SESSION,
    id: 'listSessions',
    method: 'get',
    path: '/sessions',
    summary: 'List the sessions of the user',
    success: json(
      'Sessions',
      {
        sessions: [
          {
            id: SESSION_ID,
            createdAt: CREATED_AT,
            expiresAt: EXPIRES_AT,
            userAgent: 'MicroMessenger',
            current: true,
          },
        ],
      },
      'All sessions, newest first',
    ),
    errors: ['rate_limited'],
  },
  {
    ...OF_SESSION,
    id: 'endAllSessions',
    method: 'delete',
    path: '/sessions',
    summary: 'End all sessions of the user',
    success: noContent('All sessions have ended, including this one'),
    errors: ['rate_limited'],
  },
  {
    ...OF_SESSION,
    id: 'endSessionById',
    method: 'delete',
    path: '/sessions/{id}',
    summary: 'End another session of the user',
    parameters: [parameter('id', 'path', 'The `id` of an entry of `GET /sessions`.', SESSION_ID)],
    success: noContent('The session has ended'),
    errors: ['rate_limited', 'not_found'],
  },
]

const OPEN_DATA: readonly Operation[] = [
  {
    ...OF_SESSION,
    id: 'verifyData',
    method: 'post',
    path: '/open-data/verify',
    summary: 'Verify signed data',
    description: 'Checks the signature of `rawData`.',
    body: {
      schema: ref('SignedData'),
      example: {
        rawData: '{"nickName":"Band"}',
        signature: '75e81ceda165f4ffa64f4068af58c64b8f54b88c',
      },
    },
    success: json('Verified', { data: { nickName: 'Band' } }, 'The signature is valid'),
    errors: ['session_key_stale'],
  },
  {
    ...OF_SESSION,
    id: 'decryptData',
    method: 'post',
    path: '/open-data/decrypt',
    rpc: 'decrypt',
    summary: 'Decrypt open data',
    description: 'Decrypts what `wx.getUserInfo`, `wx.getWeRunData` and similar functions give.',
    body: { schema: ref('EncryptedData'), example: ENCRYPTED },
    success: json(
      'Decrypted',
      { data: { stepInfoList: [] }, timestamp: CREATED_AT },
      'The decrypted data',
    ),
    errors: OPEN_DATA_ERRORS,
  },
  {
    ...OF_SESSION,
    id: 'getPhoneNumber',
    method: 'post',
    path: '/phone-number',
    summary: 'Get the phone number',
    description:
      'Takes the whole `e.detail` of a phone button. It uses `code`, or without one `encryptedData` and `iv`.',
    body: { schema: ref('PhoneNumberRequest'), example: { code: '0e1f2a3b4c5d' } },
    success: json(
      'PhoneNumber',
      { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' },
      'The phone number',
    ),
    calls: ['access_token', 'phone_number'],
    errors: OPEN_DATA_ERRORS,
  },
]

export const MINI_PROGRAM_OPERATIONS = [...LOGIN_AND_SESSIONS, ...OPEN_DATA]
