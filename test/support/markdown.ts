/** Reads Markdown documents as far as the tests need it. */

import { readFileSync } from 'node:fs'

export interface CodeBlock {
  readonly language: string
  readonly source: string
}

export interface Heading {
  /** 1 to 6. */
  readonly level: number
  readonly text: string
}

export interface Markdown {
  readonly headings: readonly Heading[]
  readonly codeBlocks: readonly CodeBlock[]
  /** The targets of all links and images outside code. */
  readonly links: readonly string[]
  /** What a link can name after `#`. */
  readonly anchors: ReadonlySet<string>
}

const FENCE = /^( *)(?:```)(\S*)\n([\s\S]*?)^ *```$/gm
const LINK = /\]\(\s*<?([^\s)>]+)>?\s*\)/g

export function readMarkdown(path: string): Markdown {
  const text = readFileSync(path, 'utf8')
  const codeBlocks = [...text.matchAll(FENCE)].map(
    ([, indent = '', language = '', source = '']) => ({
      language,
      source: source.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
  const prose = text.replaceAll(FENCE, '').replaceAll(/`[^`\n]+`/g, (code) =>
    // Code holds no links, but a heading's code is part of its anchor.
    code.replaceAll(/[[\]()]/g, ''),
  )
  const headings = [...prose.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', text = '']) => ({
    level: marks.length,
    text,
  }))
  const links = [...prose.matchAll(LINK)].map(([, target = '']) => target)
  return { headings, codeBlocks, links, anchors: toAnchors(headings) }
}

/** The first cells of the rows of the table after a heading, without its header. */
export function readTable(path: string, heading: string): string[][] {
  const [, section = ''] = readFileSync(path, 'utf8').split(`\n${heading}\n`)
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? []
  const lines = table.trim().split('\n').slice(2)
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The code in a table's cell or a text. */
export function readCode(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/** As GitHub makes them: lower case, no punctuation, a number for the second of a name. */
function toAnchors(headings: readonly Heading[]): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const { text } of headings) {
    const name = text
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-')
    let anchor = name
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`
    anchors.add(anchor)
  }
  return anchors
}
