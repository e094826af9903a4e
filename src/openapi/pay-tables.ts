/** The tables of docs/payments.md, generated from pay/errors.ts and pay/codes.ts. */

import { ERRORS, type ErrorRow } from '../errors'
import { CODES } from '../pay/codes'
import { PAY_ERRORS, type PaymentsErrorCode } from '../pay/errors'
import type { Language, Text } from './error-texts'
import {
  PAY_CALLS,
  PAY_CHINESE,
  PAY_CODES,
  PAY_PROBLEM_CODES,
  type PayCode,
  toPayWhen,
} from './pay-error-texts'
import { toTable } from './tables'

type CodeRow = (typeof CODES)[number]

const ROWS: Readonly<Record<PaymentsErrorCode, ErrorRow>> = { ...ERRORS, ...PAY_ERRORS }

const ERROR_HEADER: Text = {
  en: '| code | status | action | when, and what to do |',
  zh: '| code | status | action | 何时出现，如何处理 |',
}
const CODE_HEADER: Text = {
  en: "| WeChat Pay's code | call | code | what to do |",
  zh: '| 微信支付的错误码 | 调用 | code | 处理办法 |',
}
const EVERY_CALL: Text = { en: 'any', zh: '全部' }
const OTHER_CALLS: Text = { en: 'any other', zh: '其他' }
const COMMA: Text = { en: ', ', zh: '、' }

export function toPayErrorTable(language: Language): string {
  const rows = PAY_CODES.map((code) => {
    const { status, action } = ROWS[code]
    const isProblem = PAY_PROBLEM_CODES.includes(code)
    return `| \`${code}\` | ${status} | ${isProblem ? action : '–'} | ${toPayWhen(code, language)} |`
  })
  return toTable(ERROR_HEADER[language], rows)
}

/** Codes that differ in nothing else share a row. */
export function toPayCodeTable(language: Language): string {
  const codes = new Map<string, string[]>()
  for (const row of CODES) {
    const rest = `${toCalls(row, language)} | \`${row.code}\` | ${toAdvice(row, language)}`
    codes.set(rest, [...(codes.get(rest) ?? []), `\`${row.wechat}\``])
  }
  const rows = [...codes].map(([rest, names]) => `| ${names.join(', ')} | ${rest} |`)
  return toTable(CODE_HEADER[language], rows)
}

function toCalls(row: CodeRow, language: Language): string {
  if (row.calls) return row.calls.map((call) => PAY_CALLS[call][language]).join(COMMA[language])
  const rows = CODES.filter(({ wechat }) => wechat === row.wechat)
  return (rows.length > 1 ? OTHER_CALLS : EVERY_CALL)[language]
}

function toAdvice({ code, advice }: CodeRow, language: Language): string {
  if (advice === undefined) return toPayWhen(requirePayCode(code), language)
  if (language === 'en') return `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.`
  const chinese = PAY_CHINESE[advice]
  if (chinese === undefined) throw new Error(`pay-error-texts.ts has no Chinese for: ${advice}`)
  return `${chinese}。`
}

function requirePayCode(code: PaymentsErrorCode): PayCode {
  const found = PAY_CODES.find((known) => known === code)
  if (!found) throw new Error(`pay-error-texts.ts does not list ${code}`)
  return found
}
