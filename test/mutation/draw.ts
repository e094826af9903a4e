/** Which mutants are tried. */

import { globSync, readFileSync } from 'node:fs'
import { createRandom } from '../support/random.ts'
import { EQUIVALENTS } from './equivalents.ts'
import { findMutants, isProgram, type Mutant } from './mutants.ts'

/** Their rows are alike, so a line of theirs counts a quarter. */
const TABLES = /^src\/(core\/errors|login\/wechat\/errcodes|pay\/codes|pay\/errors)\.ts$/

/**
 * Draws lines, each as likely as another, and a mutant of each. Fewer if there are not as many.
 *
 * @param count How many, besides those of texts
 * @param room A folder or file, or several with commas; `src` for all
 * @throws {Error} if the room has no code, or a fragment of equivalents.ts does not stand exactly once in its file
 */
export function drawMutants(seed: number, count: number, room: string): Mutant[] {
  const random = createRandom(seed)
  const read = (file: string) => readFileSync(file, 'utf8')
  const isEquivalent = findEquivalents(read)
  const isIn = (part: string, file: string) => `${file}/`.startsWith(`${part}/`)
  const rooms = room.split(',')
  const files = globSync('src/**/*.ts').filter((file) => rooms.some((part) => isIn(part, file)))
  const lines = files.sort().flatMap((file) => {
    const mutants = findMutants(file, read(file)).filter((mutant) => !isEquivalent(mutant))
    return [...Map.groupBy(mutants, ({ line }) => line).values()]
  })
  if (lines.length === 0) throw new Error(`${room} has no code`)
  const drawn: Mutant[] = []
  for (let left = count; left > 0 && lines.some(({ length }) => length > 0); ) {
    const line = lines[random.weighted(lines.map(toWeight))] ?? []
    const [mutant] = line.splice(random.below(line.length), 1)
    if (!mutant || !isProgram(read(mutant.file), mutant)) continue
    drawn.push(mutant)
    if (!mutant.isText) left--
  }
  return drawn
}

function toWeight([mutant]: readonly Mutant[]): number {
  if (!mutant) return 0
  return TABLES.test(mutant.file) ? 0.25 : 1
}

function findEquivalents(read: (file: string) => string): (mutant: Mutant) => boolean {
  const known = EQUIVALENTS.flatMap(({ change, places }) =>
    places.map(([file, code]) => {
      const [before = '', ...after] = read(file).split(code)
      if (after.length !== 1) throw new Error(`equivalents.ts: not once in ${file}: ${code}`)
      return { file, change, start: before.length, end: before.length + code.length }
    }),
  )
  return (mutant) =>
    known
      .filter(({ file, change }) => file === mutant.file && fits(change, describeChange(mutant)))
      .some(({ start, end }) => start <= mutant.start && mutant.end <= end)
}

function fits(change: string | RegExp, described: string): boolean {
  return typeof change === 'string' ? change === described : change.test(described)
}

/** Such as `1 → 2`, on one line; nothing stands for what is left out. */
export function describeChange({ before, after }: Mutant): string {
  return `${before} → ${after}`.replace(/\s+/g, ' ').trim()
}
