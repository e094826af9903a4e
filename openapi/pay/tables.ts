/** The tables of docs/payments.md, generated from pay/errors.ts and pay/codes.ts. */

import { CODES } from '../../src/pay/codes'
import type { PaymentsErrorCode } from '../../src/pay/errors'
import type { Language, Text } from '../login/texts'
import { toCalls, toMergedTable, toTable } from '../tables'
import {
  PAY_CALLS,
  PAY_CHINESE,
  PAY_CODES,
  PAY_PROBLEM_CODES,
  PAY_ROWS,
  type PayCode,
  toPayWhen,
} from './texts'

type CodeRow = (typeof CODES)[number]

const ERROR_HEADER: Text = {
  en: '| code | status | action | when, and what to do |',
  zh: '| code | status | action | 何时出现，如何处理 |',
}
const CODE_HEADER: Text = {
  en: "| WeChat Pay's code | call | code | what to do |",
  zh: '| 微信支付的错误码 | 调用 | code | 处理办法 |',
}

export function toPayErrorTable(language: Language): string {
  const rows = PAY_CODES.map((code) => {
    const { status, action } = PAY_ROWS[code]
    const isProblem = PAY_PROBLEM_CODES.includes(code)
    return `| \`${code}\` | ${status} | ${isProblem ? action : '–'} | ${toPayWhen(code, language)} |`
  })
  return toTable(ERROR_HEADER[language], rows)
}

export function toPayCodeTable(language: Language): string {
  const rows = CODES.map((row) => {
    const isOnly = CODES.filter(({ wechat }) => wechat === row.wechat).length === 1
    const calls = row.calls?.map((call) => PAY_CALLS[call])
    return {
      name: `\`${row.wechat}\``,
      rest: [toCalls(calls, isOnly, language), `\`${row.code}\``, toAdvice(row, language)],
    }
  })
  return toMergedTable(CODE_HEADER[language], rows)
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
