/** What `npm run docs` writes from the source, and the tests compare. */

import { toDocument } from './document'
import { LOGIN_API } from './login/api'
import { PAY_API } from './pay/api'
import { replaceTables, toActionTable, toTables } from './tables'
import type { Language } from './texts'

const FOLDERS: Readonly<Record<Language, string>> = { en: 'docs', zh: 'docs/zh-CN' }
const DOCUMENTS = ['api.md', 'payments.md', 'troubleshooting.md']

/**
 * The generated files by their paths: openapi.json of both APIs, which are served as they are, and
 * the documents with their tables.
 *
 * @param read Gives the present text of a document
 */
export function generateFiles(read: (path: string) => string): ReadonlyMap<string, string> {
  const files = new Map([
    ['src/assets/openapi.json', toJson(toDocument(LOGIN_API))],
    ['src/assets/openapi-pay.json', toJson(toDocument(PAY_API))],
  ])
  for (const language of ['en', 'zh'] as const) {
    const tables = {
      actions: toActionTable(language),
      ...toTables(LOGIN_API, language),
      ...toTables(PAY_API, language),
    }
    for (const name of DOCUMENTS) {
      const path = `${FOLDERS[language]}/${name}`
      files.set(path, replaceTables(read(path), tables))
    }
  }
  return files
}

function toJson(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
