/** What each endpoint takes as its body. Messages say what is wrong and never hold a value. */

import * as v from 'valibot'
import { object } from '../../core/schemas'
import { isObject, parseBase64, parseUtf8 } from '../../lib/encoding'
import { USER_ID } from '../session-record'
import type { SubscribeMessage } from '../wechat/subscribe-message'

/** The longest texts, in characters; openapi.json states them, too. */
export const MAX_LENGTH = {
  /** WeChat's codes have 32 today, but it promises no length. */
  code: 512,
  /** AppIDs have 18. */
  appid: 64,
  /** A hex SHA-1 has 40. A wrong one of a sane length is a wrong signature, not a wrong request. */
  signature: 128,
  openid: 128,
  templateId: 128,
  page: 1024,
  messageField: 512,
} as const

const AES_BLOCK = 16
const USER_ID_MESSAGE = 'must be a userId: 43 characters'

const string = v.string('must be a string')

const text = v.pipe(
  string,
  v.check((value) => value !== '', 'must not be empty'),
)

const textUpTo = (length: number) =>
  v.pipe(
    text,
    // Characters, not UTF-16 code units.
    v.check((value) => [...value].length <= length, `must have at most ${length} characters`),
  )

/** Fails with the fault that the function finds in a text; `null` is none. */
const faultless = (findFault: (value: string) => string | null) =>
  v.check(
    (value: string) => findFault(value) === null,
    ({ input }) => findFault(input) ?? '',
  )

const AS_IT_CAME = 'send the value as wx returned it'

/** What shows that a text is no code of WeChat's, which promises no form for one. */
const CODE_FAULTS: readonly (readonly [pattern: RegExp, fault: string])[] = [
  [
    /^the code is a mock one$/i,
    'is the mock code of the developer tools, where the project has no AppID: choose a real one or a test one',
  ],
  [/^(undefined|null)$/, `is the text of a missing value; ${AS_IT_CAME}`],
  [/["']/, `has a quotation mark; ${AS_IT_CAME}`],
  [/%[\da-f]{2}/i, `is URL-encoded; ${AS_IT_CAME}`],
  [/\s/, `has white space; ${AS_IT_CAME}`],
]

/** A code of `wx.login` or of the phone button. */
const code = v.pipe(
  textUpTo(MAX_LENGTH.code),
  faultless((value) => CODE_FAULTS.find(([pattern]) => pattern.test(value))?.[1] ?? null),
)

const base64 = (fits: (length: number) => boolean, size: string) =>
  v.pipe(
    string,
    faultless((value) => findBase64Fault(value, fits, size)),
  )

/** What is wrong with a base64 text, with the mistake that is likely behind it; `null` if nothing. */
function findBase64Fault(
  value: string,
  fits: (length: number) => boolean,
  size: string,
): string | null {
  if (/%[\da-f]{2}/i.test(value)) return `is URL-encoded; ${AS_IT_CAME}`
  const bytes = parseBase64(value)
  // Ciphertext is not ASCII by chance. Decoding it to find out would throw each time.
  const inner = bytes?.every((byte) => byte < 0x80) ? parseUtf8(bytes) : null
  if (inner && parseBase64(inner)) return `is base64 twice; ${AS_IT_CAME}`
  if (bytes && fits(bytes.length)) return null
  return `must be base64 of ${size}; an unescaped + arrives as a space`
}

const appid = v.optional(textUpTo(MAX_LENGTH.appid))

export const LoginBody = object({ code, appid })

const signed = { rawData: text, signature: textUpTo(MAX_LENGTH.signature) }

export const VerifyBody = object(signed)

const encrypted = {
  encryptedData: base64(
    (length) => length > 0 && length % AES_BLOCK === 0,
    'one or more blocks of 16 bytes',
  ),
  iv: base64((length) => length === AES_BLOCK, '16 bytes'),
}

const EncryptedBody = object(encrypted)
const EncryptedAndSignedBody = object({ ...encrypted, ...signed })

/** Encrypted data, and the signed data that came along, if any. */
export const DecryptBody = v.pipe(
  v.lazy((value) => {
    const { rawData, signature } = isObject(value) ? value : {}
    return rawData === undefined && signature === undefined ? EncryptedBody : EncryptedAndSignedBody
  }),
  v.transform(({ encryptedData, iv, ...rest }) => ({
    encrypted: { encryptedData, iv },
    signed: 'rawData' in rest ? rest : null,
  })),
)

const PHONE_CODE_MESSAGE = 'is missing; send code, or encryptedData and iv'

/** The phone button's code, or without one, the data it encrypted; its whole `e.detail` will do. */
export const PhoneNumberBody = v.lazy((value) => {
  if (!isObject(value)) return EncryptedBody
  if (value.code !== undefined) return object({ code })
  if (value.encryptedData !== undefined || value.iv !== undefined) return EncryptedBody
  return v.object({ code, ...encrypted }, PHONE_CODE_MESSAGE)
})

/** The form of WeChat's names, such as `thing1`. A response repeats no name of another form. */
export const FIELD_NAME = /^[a-z_]{1,32}\d{1,4}$/

export const MESSAGE_STATES = ['developer', 'trial', 'formal'] as const
export const MESSAGE_LANGUAGES = ['zh_CN', 'en_US', 'zh_HK', 'zh_TW'] as const

const oneOf = <Text extends string>(texts: readonly Text[], message: string) =>
  v.custom<Text>((value) => texts.some((text) => text === value), message)

const messageField = textUpTo(MAX_LENGTH.messageField)

/** As many texts as there are fields. */
function toMessageFields(data: unknown) {
  const names = isObject(data) ? Object.keys(data) : []
  return v.object(Object.fromEntries(names.map((name) => [name, messageField])))
}

export const SubscribeMessageBody = object({
  appid,
  openid: textUpTo(MAX_LENGTH.openid),
  templateId: textUpTo(MAX_LENGTH.templateId),
  page: v.optional(textUpTo(MAX_LENGTH.page)),
  data: v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object whose values are strings'),
    v.check(
      (data) => Object.keys(data).every((key) => FIELD_NAME.test(key)),
      'has a key that is not the name of a template field, such as thing1',
    ),
    v.lazy(toMessageFields),
  ),
  state: v.optional(oneOf(MESSAGE_STATES, 'must be developer, trial or formal')),
  lang: v.optional(oneOf(MESSAGE_LANGUAGES, 'must be zh_CN, en_US, zh_HK or zh_TW')),
}) satisfies v.GenericSchema<unknown, SubscribeMessage>

/** A token of a user, which a backend sends. */
export const TokenBody = object({ token: string })

/** A token to revoke. */
export const RevokeBody = object({ token: text })

/** A text to sign. The empty one would give the signature of checksession. */
export const SignBody = object({
  token: string,
  text: v.pipe(
    text,
    v.check((value) => value.isWellFormed(), 'must not contain an unpaired surrogate'),
  ),
})

/** The user whose sessions end. */
export const RevokeUserBody = object({
  userId: v.pipe(v.string(USER_ID_MESSAGE), v.regex(USER_ID, USER_ID_MESSAGE)),
})
