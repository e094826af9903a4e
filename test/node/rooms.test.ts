/** The map in CONTRIBUTING.md: what each room may import. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCode, readTable } from '../support/markdown'

/** The rooms that each room may import. */
const MAP = new Map(
  readTable('.github/CONTRIBUTING.md', '## The map').map(([room = '', , imports = '']) => [
    readCode(room)[0] ?? '',
    readCode(imports),
  ]),
)

const FILES = execFileSync('git', ['ls-files', 'src', 'sandbox', 'openapi', 'pay-check'])
  .toString()
  .trim()
  .split('\n')

/** The imports of each source file: files of the repository, or the names of packages. */
const IMPORTS = new Map(
  FILES.filter((file) => /\.(ts|js)$/.test(file)).map((file) => [file, findImports(file)]),
)

function findImports(file: string): string[] {
  const code = readFileSync(file, 'utf8').replace(/^ *(\*|\/\/|\/\*\*).*$/gm, '')
  const specifiers = code.matchAll(/(?:\bfrom|\bimport\(?) ?'([^']+)'/g)
  return [...specifiers].map(([, specifier = '']) => toFile(file, specifier))
}

function toFile(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  const path = join(dirname(from), specifier)
  return FILES.find((file) => [path, `${path}.ts`, `${path}/index.ts`].includes(file)) ?? path
}

/** The room of a file; `null` outside of the map. */
function findRoom(file: string): string | null {
  const scheme = /^(cloudflare|node):/.exec(file)?.[1]
  if (scheme) return scheme
  const rooms = [...MAP.keys()].filter((room) => file === room || file.startsWith(`${room}/`))
  return rooms.toSorted((a, b) => b.length - a.length)[0] ?? null
}

/** A circle of imports that a file is part of; `null` if there is none. */
function findCircle(file: string, path: readonly string[] = []): string[] | null {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
  if (cleared.has(file)) return null
  for (const imported of IMPORTS.get(file) ?? []) {
    const circle = findCircle(imported, [...path, file])
    if (circle) return circle
  }
  cleared.add(file)
  return null
}
const cleared = new Set<string>()

describe('the map in CONTRIBUTING', () => {
  it('every file of a room has a row in the map', () => {
    expect(FILES.filter((file) => findRoom(file) === null)).toEqual([])
    expect(IMPORTS.size).toBeGreaterThan(150)
  })

  it.each([...MAP])('%s imports only the rooms of its row', (room, allowed) => {
    const files = [...IMPORTS].filter(([file]) => findRoom(file) === room)
    const others = files.flatMap(([file, imports]) =>
      imports
        .map((imported) => ({ file, imported, to: findRoom(imported) }))
        .filter(({ to }) => to !== null && to !== room && !allowed.includes(to)),
    )
    expect(others).toEqual([])
  })

  it.each([...MAP])('%s imports every room that its row names', (room, allowed) => {
    const files = [...IMPORTS].filter(([file]) => findRoom(file) === room)
    const used = new Set(files.flatMap(([, imports]) => imports.map(findRoom)))
    expect(allowed.filter((other) => !used.has(other))).toEqual([])
  })

  it('no import leads back to the file that has it', () => {
    const circles = [...IMPORTS.keys()].map((file) => findCircle(file)).filter(Boolean)
    expect(circles).toEqual([])
  })
})
