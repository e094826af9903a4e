/** The operations that a developer's other services call with a service key. */

import type { ErrorCode } from '../../src/core/errors'
import { OF_LOOKUP } from '../api'
import { APPID, OPENID, TOKEN, USER_ID } from '../example-values'
import { FORM, json, noContent, type Operation, parameter, ref } from '../operation'
import { PASS_THROUGH_OPERATIONS } from './pass-through-operations'

/** What becomes of a token in the body. */
const TOKEN_ERRORS: readonly ErrorCode[] = ['session_invalid', ...OF_LOOKUP]

const SIGN_DATA =
  '{"offerId":"123","buyQuantity":1,"env":0,"currencyType":"CNY","productId":"gem","goodsPrice":10,"outTradeNo":"T20261125","attach":""}'

const ISSUER = 'https://login.example.com'

const OF_SERVICE = { tag: 'Backend', caller: 'service' } as const
const CLIENT_SECRET =
  'Without an `Authorization` header, the key may be the field `client_secret` of the form.'
const OF_OAUTH_CLIENT = { tag: 'Backend', caller: 'oauth' } as const

const header = (description: string) => ({ description, schema: { type: 'string' } })
const USER_HEADERS = {
  'X-User-Id': header('The userId.'),
  'X-Appid': header('The AppID of the mini program.'),
  'X-Openid': header('The openid.'),
  'X-Unionid': header('The unionid.'),
  'X-Claims': header('The claims of the login hook: JSON as base64url without padding.'),
}

const TOKENS: readonly Operation[] = [
  {
    ...OF_OAUTH_CLIENT,
    id: 'introspect',
    method: 'post',
    path: '/introspect',
    rpc: 'verify',
    summary: 'Introspect a token',
    description: `Tells whose token this is (RFC 7662): that of a session, or a JWT access token. ${CLIENT_SECRET}`,
    body: { type: FORM, schema: ref('IntrospectionRequest'), example: { token: TOKEN } },
    success: json(
      'Introspection',
      {
        active: true,
        sub: USER_ID,
        client_id: APPID,
        openid: OPENID,
        claims: { role: 'editor' },
        iat: 1795217423,
        exp: 1795822223,
        token_type: 'Bearer',
      },
      'The user of the token; `{"active":false}` for a token without a live session',
    ),
    errors: OF_LOOKUP,
  },
  {
    tag: 'Backend',
    caller: 'gateway',
    id: 'forwardAuth',
    method: 'get',
    path: '/forward-auth',
    rpc: 'verify',
    summary: 'Let a gateway ask whose token it is',
    description:
      'For nginx, Caddy, Traefik, APISIX and Envoy. It has every method, and all paths below are the same. It exists only with `GATEWAY_KEYS` or `SERVICE_KEYS`.',
    success: {
      200: {
        description: 'The user of the token, in headers; those that do not apply are empty',
        headers: USER_HEADERS,
      },
    },
  },
  {
    ...OF_OAUTH_CLIENT,
    id: 'revoke',
    method: 'post',
    path: '/revoke',
    rpc: 'revoke',
    summary: 'Revoke a token',
    description: `Ends the session of a token (RFC 7009). A JWT access token ends nothing. ${CLIENT_SECRET}`,
    body: { type: FORM, schema: ref('RevocationRequest'), example: { token: TOKEN } },
    success: json('Revocation', {}, 'The token has no session, whether or not it had one before'),
    errors: ['store_unavailable'],
  },
  {
    tag: 'Backend',
    caller: 'anyone',
    id: 'authorizationServer',
    method: 'get',
    path: '/.well-known/oauth-authorization-server',
    summary: 'Find the OAuth endpoints',
    description:
      'The metadata of RFC 8414. It exists only with `SERVICE_KEYS` or `ACCESS_TOKEN_KEY`.',
    success: json('AuthorizationServer', {
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      introspection_endpoint: `${ISSUER}/introspect`,
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'Bearer',
      ],
      revocation_endpoint: `${ISSUER}/revoke`,
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      response_types_supported: [],
      grant_types_supported: [],
    }),
    errors: ['not_found'],
  },
  {
    tag: 'Backend',
    caller: 'anyone',
    id: 'jwks',
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Get the keys of JWT access tokens',
    description:
      'The public keys that a backend verifies JWT access tokens with (RFC 7517); it may keep them for 5 minutes. They exist only with `ACCESS_TOKEN_KEY`.',
    success: json('Jwks', {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'jlM7b6C_e0YluzBmfAH7YH75-LioD-9bMAYocDGHsqM',
          y: 'c-sdveAzGDZtBp-DpvWQAFPHNjPLBBshxV4ahsH0ALQ',
          kid: 'ccgscWSOWNe7zfELCIRHTdb7JkVy_Eo2vg371C5rplY',
          use: 'sig',
          alg: 'ES256',
        },
      ],
    }),
    errors: ['not_found'],
  },
  {
    ...OF_SERVICE,
    id: 'endUserSessions',
    method: 'delete',
    path: '/users/{userId}/sessions',
    rpc: 'revokeUser',
    summary: "End all of a user's sessions",
    description:
      'This does not keep the user from logging in again: deny that in the hook `onLogin`.',
    parameters: [parameter('userId', 'path', 'The user, as `sub` of an introspection.', USER_ID)],
    success: noContent('The user has no sessions, whether or not there were any before'),
    errors: ['invalid_request', 'store_unavailable'],
  },
]

const SESSION_KEYS: readonly Operation[] = [
  {
    ...OF_SERVICE,
    id: 'sign',
    method: 'post',
    path: '/session-key/sign',
    rpc: 'sign',
    summary: 'Sign with the session_key',
    description:
      'Makes the user-state signature (用户态签名) that `wx.requestVirtualPayment` wants.',
    body: { schema: ref('SignRequest'), example: { token: TOKEN, text: SIGN_DATA } },
    success: json('Signature', {
      signature: '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b',
    }),
    errors: TOKEN_ERRORS,
  },
  {
    ...OF_SERVICE,
    id: 'encryptionKeys',
    method: 'post',
    path: '/session-key/encryption-keys',
    rpc: 'encryptionKeys',
    summary: 'Get encryption keys',
    description:
      'Gets the newest keys of `wx.getUserCryptoManager`, whose other half the phone has.',
    body: { schema: ref('EncryptionKeysRequest'), example: { token: TOKEN } },
    success: json('EncryptionKeys', {
      keys: [
        {
          encryptKey: 'VI6BpyrK9XH4i4AIGe86tg==',
          iv: '6003f73ec441c386',
          version: 10,
          expiresIn: 3597,
          createdAt: 1795217423,
        },
      ],
    }),
    calls: ['access_token', 'session_key'],
    errors: TOKEN_ERRORS,
  },
]

const SUBSCRIBE_MESSAGES: readonly Operation[] = [
  {
    ...OF_SERVICE,
    id: 'sendSubscribeMessage',
    method: 'post',
    path: '/subscribe-messages',
    rpc: 'sendSubscribeMessage',
    summary: 'Send a subscribe message',
    body: {
      schema: ref('SubscribeMessage'),
      example: { openid: OPENID, templateId: 'abc', data: { thing1: 'Your order' } },
    },
    success: noContent('The message has been sent'),
    calls: ['access_token', 'subscribe_message'],
    errors: ['appid_required', 'appid_unknown', 'hook_unavailable'],
  },
]

export const BACKEND_OPERATIONS: readonly Operation[] = [
  ...TOKENS,
  ...SESSION_KEYS,
  ...SUBSCRIBE_MESSAGES,
  ...PASS_THROUGH_OPERATIONS,
]
