/** The README says what the code does. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../src/errors'

const readme = readFileSync('README.md', 'utf8')

/** The rows of the table under this header, cells trimmed and without backticks. */
function table(header: string): string[][] {
  const [, after = ''] = readme.split(`| ${header} |`)
  const [, , ...lines] = after.split('\n')
  return lines
    .slice(0, lines.indexOf(''))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1))
}

describe('the README', () => {
  it('has the error table of the code, in its order', () => {
    const rows = Object.entries(ERRORS).map(([code, { status, action }]) => [
      code,
      String(status),
      action,
    ])
    expect(table('code | status | action | when').map((row) => row.slice(0, 3))).toEqual(rows)
  })

  it('names the errcodes of each row that has some', () => {
    const rows = new Map(
      table('code | status | action | when').map(([code, ...row]) => [code, row]),
    )
    for (const [code, row] of Object.entries(ERRORS)) {
      const errcodes = 'errcodes' in row ? row.errcodes.map(String) : []
      const told = rows.get(code)?.[2]?.match(/-1\b|\b[458]\d{4}\b/g) ?? []
      expect([code, told]).toEqual([code, errcodes])
    }
  })

  it('lists every setting that is parsed, and no other', () => {
    const config = readFileSync('src/config.ts', 'utf8')
    const names = [...config.matchAll(/^ +([A-Z_]+): (?!_)/gm)].map(([, name]) => name)
    expect(
      table('setting | kind | default | meaning')
        .map(([name]) => name)
        .sort(),
    ).toEqual(names.sort())
  })

  it('gives the purpose of every file in src, and of no file that is gone', () => {
    const listed = table('file | purpose').map(([file = '']) => file)
    const sources = readdirSync('src', { withFileTypes: true }).map(
      (entry) => `src/${entry.name}${entry.isDirectory() ? '/' : ''}`,
    )
    expect(listed.filter((file) => file.startsWith('src/')).sort()).toEqual(sources.sort())
    expect(listed.filter((file) => !existsSync(file))).toEqual([])
  })

  it('names tests that exist', () => {
    const named = [...readme.matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)].map(([, file = '']) => file)
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((file) => !existsSync(file))).toEqual([])
  })

  it('lists the fields of a log line', () => {
    const log = `${readFileSync('src/log.ts', 'utf8')}${readFileSync('src/problem.ts', 'utf8')}`
    const interfaces = ['LogEntry', 'ProblemLog'].map((name) => log.split(`interface ${name}`)[1])
    const fields = interfaces.flatMap((text = '') =>
      [...(text.split('\n}')[0] ?? '').matchAll(/readonly (\w+)\??:/g)].map(([, field]) => field),
    )
    const told = table('field | meaning').flatMap(([names = '']) => names.split(', '))
    expect(told.sort()).toEqual(fields.sort())
  })

  it('has no link to a file or a heading that does not exist', () => {
    const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(
      ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
    )
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
    const broken = links.filter(
      (link) => !/^https:/.test(link) && !headings.includes(link) && !existsSync(link),
    )
    expect(broken).toEqual([])
  })
})
