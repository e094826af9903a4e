/** The tables in the documents that are generated from an API's errors and WeChat's codes. */

import { type Api, listErrors, listProblems } from './api'
import { type Language, type Text, WHAT_TO_DO } from './texts'

const ACTION_HEADER: Text = { en: '| action | what to do |', zh: '| action | 该做什么 |' }
const EVERY_CALL: Text = { en: 'any', zh: '全部' }
const OTHER_CALLS: Text = { en: 'any other', zh: '其他' }
const COMMA: Text = { en: ', ', zh: '、' }

/** The tables of an API, by the names in their markers. */
export function toTables(api: Api, language: Language): Record<string, string> {
  return {
    [api.errorTable.name]: toErrorTable(api, language),
    [api.refusalTable.name]: toRefusalTable(api, language),
  }
}

/** What to do on each action, which both APIs have. */
export function toActionTable(language: Language): string {
  const rows = Object.entries(WHAT_TO_DO).map(
    ([action, { [language]: todo }]) => `| \`${action}\` | ${todo} |`,
  )
  return toTable(ACTION_HEADER[language], rows)
}

function toErrorTable(api: Api, language: Language): string {
  const problems = new Set(listProblems(api))
  const rows = listErrors(api).map((error) => {
    const { code, row, when } = error
    const action = problems.has(error) ? row.action : '–'
    return `| \`${code}\` | ${row.status} | ${action} | ${when[language]} |`
  })
  return toTable(api.errorTable.header[language], rows)
}

/** Rows that differ in nothing but their first cell share one. */
function toRefusalTable(api: Api, language: Language): string {
  const { refusals } = api
  const rows = refusals.map(({ name, code, calls, whatToDo }) => {
    const isOnly = refusals.filter((other) => other.name === name).length === 1
    const names = calls?.map((call) => api.calls[call]?.[language]).join(COMMA[language])
    const call = names ?? (isOnly ? EVERY_CALL : OTHER_CALLS)[language]
    return { name, rest: `${call} | \`${code}\` | ${whatToDo[language]}` }
  })
  const merged = Object.entries(Object.groupBy(rows, ({ rest }) => rest)).map(
    ([rest, shared = []]) => `| ${shared.map(({ name }) => name).join(', ')} | ${rest} |`,
  )
  return toTable(api.refusalTable.header[language], merged)
}

function toTable(header: string, rows: readonly string[]): string {
  return [header, header.replace(/[^|]+/g, '---'), ...rows].join('\n')
}

/**
 * Puts the tables into a document, each between its two markers.
 *
 * @throws {Error} if the document has markers of a table that is not given
 * @example
 * replaceTables(await readFile('docs/api.md', 'utf8'), toTables(LOGIN_API, 'en'))
 */
export function replaceTables(document: string, tables: Readonly<Record<string, string>>): string {
  return document.replace(
    /(?<=<!-- ([\w-]+):begin -->\n)[\s\S]*?(?=<!-- \1:end -->)/g,
    (_, name: string) => {
      const table = tables[name]
      if (table === undefined) throw new Error(`there is no table ${name}`)
      return `${table}\n`
    },
  )
}
