/** The shapes of the API, as JSON Schema. */

import { ERRORS } from '../errors'

const text = { type: 'string' } as const
const time = { type: 'string', format: 'date-time' } as const

const object = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

const base64 = (description: string) => ({ ...text, contentEncoding: 'base64', description })

export const SCHEMAS = {
  Problem: object(
    {
      type: { ...text, format: 'uri' },
      title: text,
      status: { type: 'integer' },
      code: { enum: Object.keys(ERRORS) },
      detail: { ...text, description: 'For a person.' },
      action: {
        enum: ['login_again', 'retry_later', 'fix_request', 'stop'],
        description: 'What to do next; `retry_later` after `Retry-After` seconds.',
      },
      errcode: { type: 'integer', description: "WeChat's, where it gave one." },
      errors: {
        type: 'array',
        description: 'What is wrong with the request; never with its values.',
        items: object({ path: text, message: text }),
      },
    },
    ['type', 'title', 'status', 'code', 'detail', 'action'],
  ),
  Login: object({
    token: { ...text, description: 'Opaque. Send it as `Authorization: Bearer <token>`.' },
    tokenType: { const: 'Bearer' },
    expiresIn: { type: 'integer', description: 'In seconds.' },
    expiresAt: time,
    userId: { ...text, description: 'Stable, public, one per user and mini program.' },
  }),
  Session: object({ userId: text, appid: text, createdAt: time, expiresAt: time }),
  Sessions: object({
    sessions: {
      type: 'array',
      items: object({
        id: text,
        createdAt: time,
        expiresAt: time,
        userAgent: { type: ['string', 'null'] },
        current: { type: 'boolean' },
      }),
    },
  }),
  LoginRequest: object(
    {
      code: { ...text, minLength: 1, maxLength: 512, description: 'Of `wx.login`.' },
      appid: { ...text, description: 'Needed where several mini programs have no Referer.' },
    },
    ['code'],
  ),
  SignedData: object({
    rawData: { ...text, description: 'The exact text from `wx`.' },
    signature: { ...text, maxLength: 128, description: 'Hex SHA-1.' },
  }),
  EncryptedData: object(
    {
      encryptedData: base64('Whole blocks of 16 bytes.'),
      iv: base64('16 bytes.'),
      rawData: { ...text, description: 'With `signature`: verified first.' },
      signature: text,
    },
    ['encryptedData', 'iv'],
  ),
  Verified: object({ data: { description: '`rawData`, parsed.' } }),
  Decrypted: object({
    data: { type: 'object', description: 'Without openId, unionId and watermark.' },
    timestamp: { ...time, description: "The watermark's." },
  }),
  PhoneNumberRequest: object(
    {
      code: { ...text, description: "The phone button's; needs nothing else." },
      encryptedData: base64('Where there is no code.'),
      iv: base64('16 bytes.'),
    },
    [],
  ),
  PhoneNumber: object({ phoneNumber: text, purePhoneNumber: text, countryCode: text }),
  Valid: object({ valid: { type: 'boolean' } }),
  IntrospectionRequest: object({ token: text }),
  Introspection: object(
    {
      active: { type: 'boolean' },
      sub: { ...text, description: 'The userId.' },
      client_id: { ...text, description: 'The appid.' },
      openid: text,
      unionid: text,
      iat: { type: 'integer', description: 'Unix seconds.' },
      exp: { type: 'integer', description: 'Unix seconds.' },
      token_type: { const: 'Bearer' },
    },
    ['active'],
  ),
  SubscribeMessage: object(
    {
      appid: { ...text, description: 'Needed where there are several mini programs.' },
      openid: text,
      templateId: text,
      page: text,
      data: { type: 'object', additionalProperties: text },
      state: { enum: ['developer', 'trial', 'formal'] },
      lang: { enum: ['zh_CN', 'en_US', 'zh_HK', 'zh_TW'] },
    },
    ['openid', 'templateId', 'data'],
  ),
  Push: { type: 'object', description: 'An event, or in safe mode `{"ToUserName","Encrypt"}`.' },
  Health: object({ status: { const: 'ok' } }),
}
