/** The shapes of the API, as JSON Schema. */

import {
  FIELD_NAME,
  MAX_LENGTH,
  MESSAGE_LANGUAGES,
  MESSAGE_STATES,
} from '../../src/login/http/bodies'
import { SESSION_ID, USER_ID } from '../../src/login/session-record'
import { Health, nonEmpty, object, text, textUpTo, time } from '../schemas'

const base64 = (description: string) => ({ ...text, contentEncoding: 'base64', description })

const userId = { ...text, pattern: USER_ID.source }
const appid = {
  ...textUpTo(MAX_LENGTH.appid),
  description: 'The mini program, where the server has several and the request has no `Referer`.',
}
const signature = {
  ...textUpTo(MAX_LENGTH.signature),
  description: 'SHA-1 in hexadecimal, as WeChat gave it.',
}
const texts = { type: 'array', items: text }
const tokenRequest = object(
  {
    token: nonEmpty,
    client_secret: {
      ...text,
      description: 'One of `SERVICE_KEYS`, where there is no `Authorization` header.',
    },
  },
  ['token'],
)
export const SCHEMAS = {
  Login: object({
    token: { ...text, description: 'Opaque. Send it as `Authorization: Bearer <token>`.' },
    tokenType: { ...text, const: 'Bearer' },
    expiresIn: { type: 'integer', description: 'In seconds.' },
    expiresAt: time,
    userId: {
      ...userId,
      description: 'The same at every login of this user to this mini program; not a secret.',
    },
  }),
  JwtAccessToken: object({
    accessToken: {
      ...text,
      description: 'A JWT. Send it to your backends, and not to this server.',
    },
    tokenType: { ...text, const: 'Bearer' },
    expiresIn: { type: 'integer', description: 'In seconds.' },
    expiresAt: time,
  }),
  Session: object({ userId, appid: text, createdAt: time, expiresAt: time }),
  Sessions: object({
    sessions: {
      type: 'array',
      items: object({
        id: {
          ...text,
          pattern: SESSION_ID.source,
          description: 'Names the session in this API; not a secret.',
        },
        createdAt: time,
        expiresAt: time,
        userAgent: {
          type: ['string', 'null'],
          description: 'The `User-Agent` of the login; `null` if it had none.',
        },
        current: { type: 'boolean', description: 'Whether this is the session of the token.' },
      }),
    },
  }),
  LoginRequest: object(
    {
      code: { ...textUpTo(MAX_LENGTH.code), description: 'The code of `wx.login`, as it came.' },
      appid,
    },
    ['code'],
  ),
  SignedData: object({
    rawData: { ...nonEmpty, description: 'The exact text that WeChat gave.' },
    signature,
  }),
  EncryptedData: object(
    {
      encryptedData: base64('Whole blocks of 16 bytes, as WeChat gave them.'),
      iv: base64('16 bytes, as WeChat gave them.'),
      rawData: { ...nonEmpty, description: 'Together with `signature`; is verified first.' },
      signature,
    },
    ['encryptedData', 'iv'],
  ),
  Verified: object({ data: { description: 'The parsed `rawData`.' } }),
  Decrypted: object({
    data: {
      type: 'object',
      description: 'The decrypted data without `openId`, `unionId` and `watermark`.',
    },
    timestamp: { ...time, description: 'The time in the watermark.' },
  }),
  PhoneNumberRequest: object(
    {
      code: {
        ...textUpTo(MAX_LENGTH.code),
        description: 'The code of the phone button, as it came. With it, no other field is needed.',
      },
      encryptedData: base64('Together with `iv`, where there is no `code`.'),
      iv: base64('16 bytes.'),
    },
    [],
  ),
  PhoneNumber: object({
    phoneNumber: {
      ...text,
      description: 'With the country code in front, unless it is a number of mainland China.',
    },
    purePhoneNumber: { ...text, description: 'Without the country code.' },
    countryCode: text,
  }),
  Valid: object({ valid: { type: 'boolean' } }),
  SignRequest: object({
    token: { ...text, description: 'The token of the user, as the mini program sent it to you.' },
    text: {
      ...nonEmpty,
      description: 'The exact text to sign, such as the `signData` of a virtual payment.',
    },
  }),
  Signature: object({
    signature: {
      ...text,
      description: 'HMAC-SHA256 of the text under the session_key, in lower-case hexadecimal.',
    },
  }),
  EncryptionKeysRequest: object({ token: text }),
  EncryptionKeys: object({
    keys: {
      type: 'array',
      items: object({
        encryptKey: { ...text, contentEncoding: 'base64', description: '16 bytes.' },
        iv: { ...text, description: '16 characters.' },
        version: { type: 'integer', description: 'The phone names it, too.' },
        expiresIn: { type: 'integer', description: 'What is left of its lifetime, in seconds.' },
        createdAt: { type: 'integer', description: 'In Unix seconds.' },
      }),
    },
  }),
  IntrospectionRequest: tokenRequest,
  Introspection: object(
    {
      active: { type: 'boolean', description: 'Only `true` comes with the other fields.' },
      sub: { ...userId, description: 'The userId.' },
      client_id: { ...text, description: 'The AppID.' },
      openid: text,
      unionid: { ...text, description: 'If WeChat gives one for this mini program.' },
      claims: { type: 'object', description: 'What the login hook said of the user, if anything.' },
      iat: {
        type: 'integer',
        description: 'When the session, or the JWT access token, began, in Unix seconds.',
      },
      exp: { type: 'integer', description: 'When it ends, in Unix seconds.' },
      token_type: { ...text, const: 'Bearer' },
    },
    ['active'],
  ),
  RevocationRequest: tokenRequest,
  Revocation: { type: 'object', description: 'Empty.' },
  AuthorizationServer: object(
    {
      issuer: { ...text, description: '`ISSUER`, or the address that was asked.' },
      jwks_uri: { ...text, description: 'With `ACCESS_TOKEN_KEY`.' },
      introspection_endpoint: { ...text, description: 'With `SERVICE_KEYS`, like those below.' },
      introspection_endpoint_auth_methods_supported: texts,
      revocation_endpoint: text,
      revocation_endpoint_auth_methods_supported: texts,
      response_types_supported: { ...texts, description: 'Empty.' },
      grant_types_supported: { ...texts, description: 'Empty.' },
    },
    ['issuer', 'response_types_supported', 'grant_types_supported'],
  ),
  Jwks: object({
    keys: {
      type: 'array',
      items: object({
        kty: { ...text, const: 'EC' },
        crv: { ...text, const: 'P-256' },
        x: text,
        y: text,
        kid: { ...text, description: 'The thumbprint of the key (RFC 7638).' },
        use: { ...text, const: 'sig' },
        alg: { ...text, const: 'ES256' },
      }),
    },
  }),
  SubscribeMessage: object(
    {
      appid: { ...appid, description: 'The mini program, where the server has several.' },
      openid: textUpTo(MAX_LENGTH.openid),
      templateId: textUpTo(MAX_LENGTH.templateId),
      page: { ...textUpTo(MAX_LENGTH.page), description: 'The page that a tap opens.' },
      data: {
        type: 'object',
        propertyNames: { pattern: FIELD_NAME.source },
        additionalProperties: textUpTo(MAX_LENGTH.messageField),
        description: 'The fields of the template by name, such as `thing1`.',
      },
      state: { ...text, enum: MESSAGE_STATES },
      lang: { ...text, enum: MESSAGE_LANGUAGES },
    },
    ['openid', 'templateId', 'data'],
  ),
  Push: { type: 'object', description: 'An event, or in safe mode `{"ToUserName","Encrypt"}`.' },
  WeChatRequest: { description: "What WeChat's API takes: JSON, a file, or nothing." },
  WeChatResponse: { description: "What WeChat's API gives: JSON, or a picture." },
  Health,
}
