/** The tables in the documents that are generated from errors.ts and wechat/errcodes.ts. */

import { ERRORS, type ErrorCode } from '../src/core/errors'
import { ERRCODES, type ErrcodeRow } from '../src/login/wechat/errcodes'
import { CALLS, CHINESE, type Language, type Text, WHAT_TO_DO, WHEN } from './login/texts'

const ERROR_HEADER: Text = {
  en: '| code | status | action | when |',
  zh: '| code | status | action | 何时出现 |',
}
const ERRCODE_HEADER: Text = {
  en: '| errcode | call | code | what to do |',
  zh: '| errcode | 调用 | code | 处理办法 |',
}
const EVERY_CALL: Text = { en: 'any', zh: '全部' }
const OTHER_CALLS: Text = { en: 'any other', zh: '其他' }
const COMMA: Text = { en: ', ', zh: '、' }

/** The error table of docs/api.md. */
export function toErrorTable(language: Language): string {
  const rows = toErrorCodes().map((code) => {
    const { status, action } = ERRORS[code]
    return `| \`${code}\` | ${status} | ${action} | ${toWhen(code, language)} |`
  })
  return toTable(ERROR_HEADER[language], rows)
}

/** The errcode table of docs/troubleshooting.md. */
export function toErrcodeTable(language: Language): string {
  const rows = ERRCODES.map((row) => {
    const isOnly = ERRCODES.filter(({ errcode }) => errcode === row.errcode).length === 1
    const calls = row.calls?.map((call) => CALLS[call])
    return {
      name: String(row.errcode),
      rest: [toCalls(calls, isOnly, language), `\`${row.code}\``, toAdvice(row, language)],
    }
  })
  return toMergedTable(ERRCODE_HEADER[language], rows)
}

/** Rows that differ in nothing but their first cell share one. */
export function toMergedTable(
  header: string,
  rows: readonly { readonly name: string; readonly rest: readonly string[] }[],
): string {
  const names = new Map<string, string[]>()
  for (const { name, rest } of rows) {
    const key = rest.join(' | ')
    names.set(key, [...(names.get(key) ?? []), name])
  }
  const merged = [...names].map(([rest, shared]) => `| ${shared.join(', ')} | ${rest} |`)
  return toTable(header, merged)
}

/**
 * The cell that names the calls on which a code means what its row says.
 *
 * @param calls Their names; absent where it is all of them, or all but those of other rows
 * @param isOnly Whether the code has no other row
 */
export function toCalls(
  calls: readonly Text[] | undefined,
  isOnly: boolean,
  language: Language,
): string {
  if (calls) return calls.map((call) => call[language]).join(COMMA[language])
  return (isOnly ? EVERY_CALL : OTHER_CALLS)[language]
}

/**
 * When an error occurs, with WeChat's errcodes. Those that only an operator can act on are in the
 * errcode table alone.
 */
export function toWhen(code: ErrorCode, language: Language): string {
  const rows = ERRCODES.filter((row) => row.code === code && row.advice === undefined)
  const errcodes = [...new Set(rows.map(({ errcode }) => errcode))].join(', ')
  if (errcodes === '') return WHEN[code][language]
  const prefix = language === 'en' ? `errcode ${errcodes}: ` : `errcode ${errcodes}：`
  return prefix + WHEN[code][language]
}

/**
 * Puts a table into a document, between its two markers.
 *
 * @throws {Error} if the document does not have the markers `<!-- name:begin -->`, `<!-- name:end -->`
 * @example
 * replaceTable(await readFile('docs/api.md', 'utf8'), 'errors', toErrorTable('en'))
 */
export function replaceTable(document: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`]
  const [before, rest, tooMany] = document.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined || tooMany !== undefined) {
    throw new Error(`the document must have the markers of ${name} once`)
  }
  return `${before}${begin}${table}\n${end}${after}`
}

function toErrorCodes(): ErrorCode[] {
  return Object.keys(ERRORS) as ErrorCode[]
}

export function toTable(header: string, rows: readonly string[]): string {
  const line = header.replace(/[^|]+/g, '---')
  return [header, line, ...rows].join('\n')
}

/** The advice for the operator, or what the caller is told. */
function toAdvice({ code, advice, detail }: ErrcodeRow, language: Language): string {
  const text = advice ?? detail
  if (text === undefined) {
    const todo = WHAT_TO_DO[ERRORS[code].action]
    return [WHEN[code], todo].map((part) => part[language]).join(language === 'en' ? ' ' : '')
  }
  return language === 'en' ? toSentence(text) : requireChinese(text)
}

function toSentence(text: string): string {
  const capitalized = text.charAt(0).toUpperCase() + text.slice(1)
  return capitalized.endsWith('.') ? capitalized : `${capitalized}.`
}

function requireChinese(text: string): string {
  const chinese = CHINESE[text]
  if (chinese === undefined) throw new Error(`error-texts.ts has no Chinese for: ${text}`)
  return chinese.endsWith('。') ? chinese : `${chinese}。`
}
