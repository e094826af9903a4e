/** README.zh-CN.md says in Chinese what README.md says, block for block. */

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../src/errors'

/** A heading, a paragraph, an item of a list, a row of a table, or fenced code. */
interface Block {
  /** Two READMEs of one structure have the same kinds in the same order. */
  readonly kind: string
  readonly text: string
}

const english = blocksOf(readFileSync('README.md', 'utf8'))
const chinese = blocksOf(readFileSync('README.zh-CN.md', 'utf8'))

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  // Code stays whole; the rest is blocks of lines that belong together.
  for (const part of markdown.split(/^( *```[\s\S]*?^ *```$)/m)) {
    if (/^ *```/.test(part)) blocks.push({ kind: 'code', text: part })
    else blocks.push(...proseBlocks(part))
  }
  return blocks
}

function proseBlocks(markdown: string): Block[] {
  return markdown
    .split(/\n{2,}|\n(?=\||#| *- | *\d\. )/)
    .map((text) => text.replace(/^\n+|\n+$/g, ''))
    .filter((text) => text !== '')
    .map((text) => ({ kind: kindOf(text), text }))
}

function kindOf(text: string): string {
  if (text.startsWith('|')) return `row of ${cellsOf({ kind: 'row', text }).length}`
  // Of a paragraph, nothing but the indent is left.
  return text.match(/^ *(?:#+|- |\d\. |!\[)?/)?.[0] ?? ''
}

/** The cells of a row; none of anything else. */
function cellsOf({ kind, text }: Block): string[] {
  if (!kind.startsWith('row')) return []
  return text
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** What the blocks of both have, each beside the English text: a difference shows where it is. */
function compare(facts: (block: Block, blocks: readonly Block[]) => unknown) {
  const of = (blocks: readonly Block[]) =>
    blocks.map((block, index) => [english[index]?.text, facts(block, blocks)])
  return { zh: of(chinese), en: of(english) }
}

const codeSpans = ({ kind, text }: Block) =>
  kind === 'code' ? [] : (text.match(/`[^`]+`/g) ?? []).sort()

const targets = ({ kind, text }: Block) =>
  kind === 'code' ? [] : [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)

const urls = ({ kind, text }: Block) =>
  kind === 'code' ? [] : (text.match(/https?:\/\/[\w.:/-]*\w/g) ?? []).sort()

/** GitHub's anchors of the headings, in order. */
function anchorsOf(blocks: readonly Block[]): string[] {
  return blocks
    .filter(({ kind }) => kind.startsWith('#'))
    .map(({ text }) => text.replace(/^#+ /, '').toLowerCase())
    .map((title) => `#${title.replace(/[^\p{L}\p{M}\p{N}_\- ]/gu, '').replaceAll(' ', '-')}`)
}

/** Whether there is anything to translate. */
const hasWords = (cell: string) => /\p{L}/u.test(cell.replaceAll(/`[^`]*`|\bKiB\b/g, ''))
const actions = new Set<string>(Object.values(ERRORS).map(({ action }) => action))

describe('README.zh-CN.md', () => {
  it('has the structure of README.md: headings, paragraphs, lists, tables, code', () => {
    expect(chinese.map(({ kind }) => kind)).toEqual(english.map(({ kind }) => kind))
    expect(new Set(anchorsOf(chinese)).size).toBe(anchorsOf(english).length)
  })

  it('has the code blocks of README.md, byte for byte', () => {
    const { zh, en } = compare(({ kind, text }) => kind === 'code' && text)
    expect(zh).toEqual(en)
    expect(en.filter(([, code]) => code).length).toBeGreaterThan(10)
  })

  it('leaves cells alone that are code, numbers or actions', () => {
    const cells = (blocks: readonly Block[]) => blocks.flatMap(cellsOf)
    const translated = cells(chinese)
    for (const [index, cell] of cells(english).entries()) {
      if (!hasWords(cell) || actions.has(cell)) expect(translated[index]).toBe(cell)
    }
  })

  it('names the same code, settings and files in every paragraph, item and row', () => {
    const { zh, en } = compare(codeSpans)
    expect(zh).toEqual(en)
  })

  it('has every figure of README.md where it has it', () => {
    const figures = ({ kind, text }: Block): string[] =>
      kind === 'code' ? [] : (text.replaceAll(/`[^`]*`/g, '').match(/\d+(?:[.,]\d+)*/g) ?? [])
    const missing = english.flatMap((block, index) => {
      const told = figures(chinese[index] ?? { kind: '', text: '' })
      return figures(block).filter((figure) => !told.includes(figure))
    })
    expect(missing).toEqual([])
  })

  it('links to what README.md links to, headings to their own', () => {
    const { zh, en } = compare((block, blocks) =>
      targets(block)
        .map((target) => {
          if (/^README(\.zh-CN)?\.md$/.test(target)) return 'the other language'
          if (!target.startsWith('#')) return target
          return `heading ${anchorsOf(blocks).indexOf(target)}`
        })
        .sort(),
    )
    expect(zh).toEqual(en)
    const addresses = compare(urls)
    expect(addresses.zh).toEqual(addresses.en)
  })

  it('has no link to a file or a heading that does not exist', () => {
    const anchors = anchorsOf(chinese)
    const broken = chinese
      .flatMap(targets)
      .filter((link) => !/^https:/.test(link) && !anchors.includes(link) && !existsSync(link))
    expect(broken).toEqual([])
  })

  it('and README.md link to each other below the title', () => {
    expect([chinese[1]?.text, english[1]?.text]).toEqual([
      '[English](README.md) | 简体中文',
      'English | [简体中文](README.zh-CN.md)',
    ])
  })
})
