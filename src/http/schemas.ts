/** What each endpoint takes in its body. Messages say what is wrong and never hold a value. */

import * as v from 'valibot'
import { base64Bytes, isObject } from '../lib/encoding'

/** WeChat's codes have 32 characters today; nothing promises that they keep to it. */
const CODE_LENGTH = 512
/** AppIDs have 18. */
const APPID_LENGTH = 64
/** A hex SHA-1 has 40; a wrong one within reason is a wrong signature, not a wrong request. */
const SIGNATURE_LENGTH = 128
const AES_BLOCK = 16

const object = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.object(entries, 'is missing')

const string = v.string('must be a string')

const text = v.pipe(
  string,
  v.check((value) => value !== '', 'must not be empty'),
)

const textUpTo = (length: number) =>
  v.pipe(
    text,
    // Characters, not UTF-16 units.
    v.check((value) => [...value].length <= length, `must have at most ${length} characters`),
  )

const base64 = (fits: (length: number) => boolean, size: string) =>
  v.pipe(
    string,
    v.check((value) => {
      const bytes = base64Bytes(value)
      return bytes !== null && fits(bytes.length)
    }, `must be base64 of ${size}; a + that was not escaped on the way arrives as a space`),
  )

const appid = v.optional(textUpTo(APPID_LENGTH))

export const LoginBody = object({ code: textUpTo(CODE_LENGTH), appid })

export const VerifyBody = object({ rawData: text, signature: textUpTo(SIGNATURE_LENGTH) })

const encrypted = {
  encryptedData: base64(
    (length) => length > 0 && length % AES_BLOCK === 0,
    'one or more blocks of 16 bytes',
  ),
  iv: base64((length) => length === AES_BLOCK, '16 bytes'),
}

/** Encrypted data, and where rawData and signature came along, signed data too. */
export const DecryptBody = v.pipe(
  object({
    ...encrypted,
    rawData: v.optional(text),
    signature: v.optional(textUpTo(SIGNATURE_LENGTH)),
  }),
  v.forward(
    v.check(({ rawData, signature }) => !rawData || signature !== undefined, 'is missing'),
    ['signature'],
  ),
  v.forward(
    v.check(({ rawData, signature }) => !signature || rawData !== undefined, 'is missing'),
    ['rawData'],
  ),
  v.transform(({ encryptedData, iv, rawData, signature }) => ({
    encrypted: { encryptedData, iv },
    signed: rawData && signature ? { rawData, signature } : null,
  })),
)

export type Decrypt = v.InferOutput<typeof DecryptBody>

/** The phone button's code; without one, the data it encrypted. Its whole `e.detail` will do. */
export const PhoneNumberBody = v.lazy((value) =>
  isObject(value) && value.code !== undefined
    ? object({ code: textUpTo(CODE_LENGTH) })
    : object(encrypted),
)

export type PhoneNumberRequest = v.InferOutput<typeof PhoneNumberBody>

const MESSAGE_TEXT_LENGTH = 512

export const SubscribeMessageBody = object({
  appid,
  openid: textUpTo(128),
  templateId: textUpTo(128),
  page: v.optional(textUpTo(1024)),
  data: v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object of texts'),
    v.record(
      v.pipe(v.string(), v.regex(/^\w{1,64}$/, 'is not the name of a template field')),
      textUpTo(MESSAGE_TEXT_LENGTH),
    ),
  ),
  state: v.optional(
    v.picklist(['developer', 'trial', 'formal'], 'must be developer, trial or formal'),
  ),
  lang: v.optional(
    v.picklist(['zh_CN', 'en_US', 'zh_HK', 'zh_TW'], 'must be zh_CN, en_US, zh_HK or zh_TW'),
  ),
})

/** A subscribe message, in our words for WeChat's fields. */
export type SubscribeMessage = v.InferOutput<typeof SubscribeMessageBody>
