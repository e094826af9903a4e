/** Arbitrary input for the fuzz tests: texts, values, JSON, headers. */

import fc from 'fast-check'

/** Part of what is sent; neither an answer nor the log may contain it. */
export const MARK = 'zQ7mArKzQ7mArKzQ'

/** What a conversion calls or reads, if an object brings it along. */
const METHODS = ['toString', 'valueOf', 'toJSON', 'then', '__proto__', 'constructor', 'length']

export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 600 }),
  fc.base64String({ maxLength: 200 }),
  fc.constantFrom('', '\ud800', '\ufeff', '\0', '..', '%00', '{}', 'null', '-0', '1e999'),
)
export const marked = anyText.map((text) => `${MARK}${text}`)

/** An object with methods of its own that are not functions. */
const hostile = fc.dictionary(
  fc.constantFrom(...METHODS),
  fc.oneof(
    marked,
    fc.constantFrom(null, 1, {}, []),
    fc.dictionary(fc.constantFrom(...METHODS), marked, { maxKeys: 2 }),
  ),
  { minKeys: 1, maxKeys: 4 },
)

/** What JSON can hold. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { depthSize: 'small', withCrossShrink: true },
  marked,
  anyText,
  hostile,
  hostile.map((value) => [value]),
  fc.dictionary(marked, fc.oneof(marked, hostile), { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.double(),
  fc.constantFrom(null, true, [], {}, -0, 1e308, Number.MAX_SAFE_INTEGER),
)

/** What another Worker can send over RPC. */
export const anyCloneable = fc.oneof(
  { weight: 9, arbitrary: anyValue },
  fc.constantFrom(undefined, 1n, new Date(0), new Map([[MARK, MARK]]), new Error(MARK)),
  fc.uint8Array({ maxLength: 60 }),
)

const failing = () => {
  throw new Error(MARK)
}

/** What code in the same Worker can give: also functions, and objects that throw when they are read. */
export const anything = fc.oneof(
  { weight: 3, arbitrary: anyCloneable },
  fc.constantFrom(
    failing,
    Symbol(MARK),
    { toJSON: failing },
    Object.defineProperty({}, 'a', { get: failing, enumerable: true }),
    new Proxy({}, { ownKeys: failing }),
    new Proxy({}, { getPrototypeOf: failing }),
  ),
)

/** What a hook does with one of these: it gives it, or throws what a function throws. */
export const give = (value: unknown): unknown => (typeof value === 'function' ? value() : value)

/** Mostly a known name, sometimes one that must not come back. */
export function fieldName(names: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, marked)
}

/** JSON with these fields, in forms that parsers treat differently. */
export const anyJson = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc
        .dictionary(fieldName(names), anyValue, { maxKeys: 8 })
        .map((fields) => JSON.stringify(fields)),
    },
    fc.tuple(fc.constantFrom(...names), marked).map(([name, text]) => {
      const pair = `${JSON.stringify(name)}:${JSON.stringify(text)}`
      return `{${pair},${pair}}`
    }),
    fc.nat({ max: 20_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    fc.nat({ max: 5_000 }).map((depth) => `${'{"code":'.repeat(depth)}1${'}'.repeat(depth)}`),
    fc.nat({ max: 400 }).map((digits) => `{"code":1${'0'.repeat(digits)}}`),
    marked.map((text) => `\ufeff{"code":${JSON.stringify(text)}}`),
    marked.map((text) => `{"code":"${text}`),
    marked,
  )

/** What a header can hold. */
export const headerText = fc
  .string({ maxLength: 200 })
  .map((text) => text.replace(/[^\x21-\x7e\x80-\xff ]/g, ''))
