/** The API of the payments Worker. */

import { ERRORS } from '../../src/core/errors'
import { CODES } from '../../src/pay/codes'
import { PAY_ERRORS, type PaymentsErrorCode } from '../../src/pay/errors'
import type { Api } from '../api'
import { toSentence } from '../texts'
import { PAY_OPERATIONS } from './operations'
import { PAY_SCHEMAS } from './schemas'
import { PAY_CALLS, PAY_CHINESE, PAY_WHEN } from './texts'

const SAMPLE_BASE = 'https://pay.example.com'

/** Its own rows first. Where both tables have a code, they count as well. */
const ROWS = { ...PAY_ERRORS, ...ERRORS, ...PAY_ERRORS }

export const PAY_API: Api = {
  title: 'code2session-pay',
  summary: 'WeChat Pay for mini programs',
  description:
    'Requests and responses are JSON. Amounts are whole fen. Failures are problem documents (RFC 9457), except those of the callback.',
  server: { url: SAMPLE_BASE, description: 'Your payments Worker' },
  sampleBase: SAMPLE_BASE,
  securitySchemes: {
    service: {
      type: 'http',
      scheme: 'bearer',
      description: 'One of `SERVICE_KEYS` of the payments Worker.',
    },
  },
  operations: PAY_OPERATIONS,
  schemas: PAY_SCHEMAS,
  errors: (Object.keys(ROWS) as PaymentsErrorCode[]).map((code) => ({
    code,
    row: ROWS[code],
    when: PAY_WHEN[code],
  })),
  refusals: CODES.map(({ wechat, code, calls, advice }) => ({
    name: `\`${wechat}\``,
    code,
    calls,
    whatToDo: advice === undefined ? PAY_WHEN[code] : toSentence(advice, PAY_CHINESE),
  })),
  calls: PAY_CALLS,
  ofEveryCall: ['pay_timeout', 'pay_unavailable'] satisfies PaymentsErrorCode[],
  errorTable: {
    name: 'pay-errors',
    header: {
      en: '| code | status | action | when, and what to do |',
      zh: '| code | status | action | 何时出现，如何处理 |',
    },
  },
  refusalTable: {
    name: 'pay-codes',
    header: {
      en: "| WeChat Pay's code | call | code | what to do |",
      zh: '| 微信支付的错误码 | 调用 | code | 处理办法 |',
    },
  },
}
