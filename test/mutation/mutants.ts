/** The small changes of a source file that its tests should notice, found in its syntax tree. */

import { type ESTree, parseSync } from 'rolldown/utils'

/** One change of one file. */
export interface Mutant {
  /** From the root of the repository. */
  readonly file: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly before: string
  readonly after: string
  /** Whether only people read what it changes, such as the reason in a log. */
  readonly isText: boolean
}

interface Range {
  readonly start: number
  readonly end: number
}

type Change = readonly [at: Range, after: string, isText?: boolean]

const OPERATORS = toMap(`
  < <=  <= <  > >=  >= >  === !==  !== ===  + -  - +  * /  / *  % *  & |  | &  ^ &  << >>  >> <<
  >>> <<  += -=  -= +=  |= &=  ^= &=  ??= =  ||= =  ++ --  -- ++`)

const METHODS = toMap(`
  startsWith endsWith  endsWith startsWith  some every  every some  min max  max min  floor ceil
  ceil floor  find findLast  race all  any race  allSettled all  push unshift  shift pop`)

const REGEXP_PARTS = toMap(`
  + *  * +  \\d \\D  \\w \\W  \\s \\S  ^ (?:)  $ (?:)  \\b (?:)`)

/** Methods whose call can be left out. */
const FILTERS =
  /^(catch|finally|trim|filter|map|slice|sort|toSorted|reverse|replace|replaceAll|to(Low|Upp)erCase)$/

/** Members whose values only people read. */
const TEXT_MEMBERS = /^(title|detail|advice|reason|message)$/

/** Two words alone, or three words anywhere. */
const PROSE = /^[a-z]+( [a-z]+)+$|[a-z]['’]?[a-z]*[,.:;]? [a-z]+[,.:;]? \w/i

/** No code, or that of other files. */
const SKIPPED = /^(TS(?!As|Satisfies|NonNull)|ImportDeclaration|ExportAllDeclaration)/

export function findMutants(file: string, source: string): Mutant[] {
  const { program } = parseSync(file, source)
  return [...walk(program, source)].map(([{ start, end }, after, isText = false]) => {
    const line = source.slice(0, start).split('\n').length
    return { file, line, start, end, before: source.slice(start, end), after, isText }
  })
}

/** The source with this change. */
export function mutate(source: string, { start, end, after }: Mutant): string {
  return source.slice(0, start) + after + source.slice(end)
}

/** Whether the change leaves a program. */
export function isProgram(source: string, mutant: Mutant): boolean {
  return parseSync(mutant.file, mutate(source, mutant)).errors.length === 0
}

function* walk(node: ESTree.Node, source: string, isText = false): Generator<Change> {
  if (SKIPPED.test(node.type)) return
  for (const changes of [changeStatement, changeExpression, changeList])
    yield* changes(node, source)
  yield* changeLiteral(node, isText)
  for (const [name, children] of Object.entries(node)) {
    if (name === 'source' || (name === 'key' && 'computed' in node && !node.computed)) continue
    for (const child of [children].flat()) {
      if (isNode(child)) yield* walk(child, source, isTextMember(node))
    }
  }
}

function* changeStatement(node: ESTree.Node, source: string): Generator<Change> {
  const text = ({ start, end }: Range) => source.slice(start, end)
  const toNull = (value: Range): Change => [value, text(value) === 'null' ? 'undefined' : 'null']
  if ('test' in node && node.test && node.type !== 'SwitchCase') {
    yield [node.test, `!(${text(node.test)})`]
  }
  if (/^(Expression|Throw|Break|Continue)Statement$/.test(node.type)) yield [node, ';']
  if (node.type === 'ReturnStatement') yield node.argument ? toNull(node.argument) : [node, ';']
  // Nobody looks at what an arrow gives that gives `undefined`.
  if (node.type === 'ArrowFunctionExpression' && node.expression && text(node.body) !== 'undefined')
    yield toNull(node.body)
}

function* changeExpression(node: ESTree.Node, source: string): Generator<Change> {
  const text = ({ start, end }: Range) => source.slice(start, end)
  const replace = (from: string, place: number, to: string): Change => {
    const start = source.indexOf(from, place)
    return [{ start, end: start + from.length }, to]
  }
  if (node.type === 'LogicalExpression') {
    yield* [node.left, node.right].map((side): Change => [node, `(${text(side)})`])
  } else if (node.type === 'AwaitExpression' || node.type === 'UnaryExpression') {
    if (!('operator' in node) || /[!-]/.test(node.operator)) yield [node, text(node.argument)]
  } else if ('operator' in node) {
    const place = 'left' in node ? node.left.end : node.start
    const other = OPERATORS.get(node.operator)
    if (other) yield replace(node.operator, place, other)
  } else if (node.type === 'AssignmentPattern') yield [node, text(node.left)]
  else if (node.type === 'MemberExpression' && node.optional) {
    yield replace('?.', node.object.end, node.computed ? '' : '.')
  } else if (node.type === 'CallExpression') {
    const { callee, optional } = node
    if (optional) yield replace('?.', callee.end, '')
    if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
    const method = METHODS.get(callee.property.name)
    if (method) yield [callee.property, method]
    if (FILTERS.test(callee.property.name)) yield [node, text(callee.object)]
  }
}

function* changeList(node: ESTree.Node, source: string): Generator<Change> {
  if (node.type !== 'ObjectExpression' && node.type !== 'ArrayExpression') return
  const parts = node.type === 'ObjectExpression' ? node.properties : node.elements
  for (const part of parts.filter((one) => one !== null)) {
    const [comma = ''] = /^\s*,?/.exec(source.slice(part.end, node.end)) ?? []
    const isText =
      isProse(part) || (part.type === 'Property' && isProse(part.value, isTextMember(part)))
    yield [{ start: part.start, end: part.end + comma.length }, '', isText]
  }
}

function* changeLiteral(node: ESTree.Node, isText: boolean): Generator<Change> {
  if (node.type === 'TemplateLiteral') {
    for (const { start, value } of node.quasis) {
      const range = { start: start + 1, end: start + 1 + value.raw.length }
      if (value.raw !== '') yield [range, '', isProse(node, isText)]
    }
  }
  if (node.type !== 'Literal') return
  if ('regex' in node) {
    for (const change of changeRegExp(node.regex)) yield [node, change]
  } else if (typeof node.value === 'boolean') yield [node, `${!node.value}`]
  else if (typeof node.value === 'number') {
    yield* [1, -1].map((step): Change => [node, `${Number(node.value) + step}`])
  } else if (typeof node.value === 'string') {
    yield [node, node.value === '' ? "'x'" : "''", isProse(node, isText)]
  }
}

/** Each with one part changed: an escape, a class, a number of repetitions, a character, a flag. */
function changeRegExp({ pattern, flags }: { pattern: string; flags: string }): string[] {
  const parts = [...(pattern.match(/\\.|\[\^?(?:\\.|[^\]])*\]|\{\d+|,\d+(?=\})|./gsu) ?? [])]
  const change = (part: string) => {
    if (/^\[\^./.test(part)) return part.replace('^', '')
    if (/^\[./.test(part)) return part.replace('[', '[^')
    if (/^[{,]\d/.test(part)) return `${part[0]}${Number(part.slice(1)) + 1}`
    return REGEXP_PARTS.get(part)
  }
  const patterns = parts.flatMap((part, index) => {
    const changed = change(part)
    return changed === undefined ? [] : [parts.with(index, changed).join('')]
  })
  const others = [...flags].map((flag) => `/${pattern}/${flags.replace(flag, '')}`)
  return [...patterns.map((changed) => `/${changed}/${flags}`), ...others]
}

function isProse(node: ESTree.Node, isText = false): boolean {
  if (node.type === 'TemplateLiteral') {
    return isText || PROSE.test(node.quasis.map(({ value }) => value.raw).join('0'))
  }
  return (
    node.type === 'Literal' && typeof node.value === 'string' && (isText || PROSE.test(node.value))
  )
}

function isTextMember(node: ESTree.Node): boolean {
  return (
    node.type === 'Property' && node.key.type === 'Identifier' && TEXT_MEMBERS.test(node.key.name)
  )
}

const isNode = (value: unknown): value is ESTree.Node =>
  typeof value === 'object' && value !== null && 'type' in value

function toMap(pairs: string): ReadonlyMap<string, string> {
  const words = pairs.trim().split(/\s+/)
  return new Map(
    words.flatMap((word, index) => (index % 2 ? [] : [[word, words[index + 1] ?? '']])),
  )
}
