/** What each endpoint of payments takes. Messages say what is wrong and never hold a value. */

import * as v from 'valibot'
import { object } from '../core/schemas'

/** The longest texts, in characters; of the reason, in bytes of UTF-8. */
export const PAY_MAX_LENGTH = {
  appid: 32,
  openid: 128,
  description: 127,
  attach: 128,
  goodsTag: 32,
  reasonBytes: 80,
} as const

const MINUTE_SECONDS = 60
const WEEK_SECONDS = 7 * 24 * 3600
const LARGEST_AMOUNT = 2 ** 31 - 1

const string = v.string('must be a string')

/**
 * WeChat Pay takes no character beyond U+FFFF. Control characters, and those that turn the direction of
 * a text, could make an order look like another one.
 */
const plainText = v.pipe(
  string,
  v.minLength(1, 'must not be empty'),
  v.regex(
    /^[\u0020-\u007e\u00a0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd]*$/,
    'must not have control characters, bidi overrides or characters beyond U+FFFD',
  ),
)

const textUpTo = (length: number) =>
  v.pipe(plainText, v.maxLength(length, `must have at most ${length} characters`))

const amount = v.pipe(
  v.number('must be a whole number of fen'),
  v.integer('must be a whole number of fen'),
  v.minValue(1, 'must be at least 1 fen'),
  v.maxValue(LARGEST_AMOUNT, `must be at most ${LARGEST_AMOUNT} fen`),
)

const outTradeNo = v.pipe(
  string,
  v.regex(/^[0-9A-Za-z_\-*|]{6,32}$/, 'must be 6 to 32 letters, digits or _-*|'),
)

const outRefundNo = v.pipe(
  string,
  v.regex(/^[0-9A-Za-z_\-*|@]{1,64}$/, 'must be 1 to 64 letters, digits or _-*|@'),
)

export const OutTradeNo = object({ outTradeNo })
export const OutRefundNo = object({ outRefundNo })

const EXPIRY_MESSAGE = 'must be an ISO 8601 time with a zone, 1 minute to 7 days ahead'
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/

/** Unix seconds. @param now Unix seconds */
const expiry = (now: number) =>
  v.pipe(
    v.string(EXPIRY_MESSAGE),
    v.regex(ISO_8601, EXPIRY_MESSAGE),
    v.check(isDate, EXPIRY_MESSAGE),
    v.transform((text) => Math.floor(Date.parse(text) / 1000)),
    v.number(EXPIRY_MESSAGE),
    v.minValue(now + MINUTE_SECONDS, EXPIRY_MESSAGE),
    v.maxValue(now + WEEK_SECONDS, EXPIRY_MESSAGE),
  )

/** Date.parse takes September 31 for October 1. */
function isDate(text: string): boolean {
  const date = text.slice(0, 10)
  const midnight = new Date(date)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date)
}

const PAYER_MESSAGE = 'must come alone, or appid and openid instead of it'

// Made once: only the time of the expiry is of the request.
const orderFields = {
  token: v.optional(string),
  appid: v.optional(textUpTo(PAY_MAX_LENGTH.appid)),
  openid: v.optional(textUpTo(PAY_MAX_LENGTH.openid)),
  outTradeNo,
  description: textUpTo(PAY_MAX_LENGTH.description),
  total: amount,
  attach: v.optional(textUpTo(PAY_MAX_LENGTH.attach)),
  goodsTag: v.optional(textUpTo(PAY_MAX_LENGTH.goodsTag)),
}

/** An order and who pays it: a token, or appid and openid, and not both. */
export const toOrderBody = (now: number) =>
  v.pipe(
    object({ ...orderFields, expiresAt: v.optional(expiry(now)) }),
    v.forward(
      v.check(({ token, appid, openid }) => {
        const isKnown = appid !== undefined || openid !== undefined
        return (token !== undefined) !== isKnown
      }, PAYER_MESSAGE),
      ['token'],
    ),
    v.forward(
      v.check(({ appid, openid }) => openid === undefined || appid !== undefined, 'is missing'),
      ['appid'],
    ),
    v.forward(
      v.check(({ appid, openid }) => appid === undefined || openid !== undefined, 'is missing'),
      ['openid'],
    ),
    v.transform(({ token, appid = '', openid = '', ...order }) => ({
      order,
      payer: token !== undefined ? { token } : { appid, openid },
    })),
  )

export const RefundBody = v.pipe(
  object({
    outRefundNo,
    refund: amount,
    total: amount,
    reason: v.optional(
      v.pipe(
        plainText,
        v.maxBytes(
          PAY_MAX_LENGTH.reasonBytes,
          `must have at most ${PAY_MAX_LENGTH.reasonBytes} bytes of UTF-8`,
        ),
      ),
    ),
  }),
  v.forward(
    v.check(({ refund, total }) => refund <= total, 'must be at most total'),
    ['refund'],
  ),
)
