/** The API of the login Worker. */

import { ERRORS, type ErrorCode } from '../../src/core/errors'
import { ERRCODES, type ErrcodeRow } from '../../src/login/wechat/errcodes'
import type { Api } from '../api'
import { type Text, toSentence, WHAT_TO_DO } from '../texts'
import { OPERATIONS } from './operations'
import { SCHEMAS } from './schemas'
import { CALLS, CHINESE, WHEN } from './texts'

const SAMPLE_BASE = 'https://login.example.com'

export const LOGIN_API: Api = {
  title: 'code2session',
  summary: 'The login backend of WeChat Mini Programs',
  description:
    'Requests and responses are JSON. Every failure is a problem document (RFC 9457) with a `code`, and an `action` that says what to do next.',
  // The page at /docs shows its own address in the samples.
  server: { url: '/', description: 'This server', 'x-sample-base': SAMPLE_BASE },
  sampleBase: SAMPLE_BASE,
  securitySchemes: {
    session: { type: 'http', scheme: 'bearer', description: 'The token of `POST /login`.' },
    service: { type: 'http', scheme: 'bearer', description: 'One of `SERVICE_KEYS`.' },
    gateway: {
      type: 'apiKey',
      in: 'header',
      name: 'X-Service-Key',
      description: 'One of `GATEWAY_KEYS` or `SERVICE_KEYS`.',
    },
    basic: {
      type: 'http',
      scheme: 'basic',
      description: 'Any user name, with one of `SERVICE_KEYS` as password.',
    },
  },
  operations: OPERATIONS,
  schemas: SCHEMAS,
  errors: (Object.keys(ERRORS) as ErrorCode[]).map((code) => ({
    code,
    row: ERRORS[code],
    when: toWhen(code),
    errcode: ERRCODES.find((row) => row.code === code)?.errcode,
  })),
  refusals: ERRCODES.map((row) => ({
    name: String(row.errcode),
    code: row.code,
    calls: row.calls,
    whatToDo: toAdvice(row),
  })),
  calls: CALLS,
  ofEveryCall: ['wechat_timeout', 'wechat_unavailable'] satisfies ErrorCode[],
  errorTable: {
    name: 'errors',
    header: {
      en: '| code | status | action | when |',
      zh: '| code | status | action | 何时出现 |',
    },
  },
  refusalTable: {
    name: 'errcodes',
    header: {
      en: '| errcode | call | code | what to do |',
      zh: '| errcode | 调用 | code | 处理办法 |',
    },
  },
}

/**
 * When an error occurs, with WeChat's errcodes. Those that only an operator can act on are in the
 * errcode table alone.
 */
function toWhen(code: ErrorCode): Text {
  const rows = ERRCODES.filter((row) => row.code === code && row.advice === undefined)
  const { en, zh } = WHEN[code]
  if (rows.length === 0) return { en, zh }
  const errcodes = [...new Set(rows.map(({ errcode }) => errcode))].join(', ')
  return { en: `errcode ${errcodes}: ${en}`, zh: `errcode ${errcodes}：${zh}` }
}

/** The advice for the operator, or what the caller is told. */
function toAdvice({ code, advice, detail }: ErrcodeRow): Text {
  const text = advice ?? detail
  if (text !== undefined) return toSentence(text, CHINESE)
  const [when, todo] = [WHEN[code], WHAT_TO_DO[ERRORS[code].action]]
  return { en: `${when.en} ${todo.en}`, zh: `${when.zh}${todo.zh}` }
}
