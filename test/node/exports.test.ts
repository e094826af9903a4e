/** What the package exports: an editor shows each export with an example. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** The exports of a module: the name of each, and the file that declares it. */
function findExports(index: string): { name: string; file: string }[] {
  const source = readFileSync(index, 'utf8')
  const statements = source.matchAll(/^export (?:type )?\{([^}]*)\} from '(.*)'/gm)
  const others = [...statements].flatMap(([, names = '', path = '']) => {
    const file = `${join(dirname(index), path)}.ts`
    const parts = names.split(',').map((part) => part.trim().replace(/^type /, ''))
    return parts.filter(Boolean).map((name) => ({ name, file }))
  })
  const own = source.matchAll(/^export (?:function|interface) (\w+)/gm)
  return [...others, ...[...own].map(([, name = '']) => ({ name, file: index }))]
}

/** The docstring right before a declaration; empty if it has none. */
function readDocstring(file: string, name: string): string {
  const lines = readFileSync(file, 'utf8').split('\n')
  const keyword = '(?:async )?(?:class|const|function|interface|type)'
  const declaration = new RegExp(`^export ${keyword} ${name}\\b`)
  const end = lines.findIndex((line) => declaration.test(line))
  expect(end, `${file} declares ${name}`).toBeGreaterThan(0)
  if (!lines[end - 1]?.endsWith('*/')) return ''
  const begin = lines.slice(0, end).findLastIndex((line) => line.startsWith('/**'))
  return lines.slice(begin, end).join('\n')
}

describe.each([
  ['code2session', 'src/index.ts', 20],
  ['code2session/pay', 'src/pay.ts', 20],
  ['code2session/node', 'src/node.ts', 20],
])('%s', (_, index, least) => {
  it.each(findExports(index))('$name has a docstring with an example', ({ name, file }) => {
    expect(readDocstring(file, name)).toContain('@example')
  })

  it('no export is overlooked', () => {
    expect(findExports(index).length).toBeGreaterThan(least)
    expect(readFileSync(index, 'utf8')).not.toMatch(/^export (?!(type )?\{|function|interface)/m)
  })
})

it('code2session/node has what Workers have, with a runtime of its own and without RPC', () => {
  const workers = [...findExports('src/index.ts'), ...findExports('src/pay.ts')]
  const shared = workers.filter(({ file }) => !file.startsWith('src/workers/'))
  const toNames = (exports: readonly { name: string }[]) => exports.map(({ name }) => name).sort()
  const names = toNames([...shared, { name: 'serverRuntime' }])
  expect(toNames(findExports('src/node.ts'))).toEqual(names)
})
