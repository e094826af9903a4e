import { describe, expect, it } from 'vitest'
import { parseJson, parseLenientJson } from '../src/lib/encoding'
import { toSentJson } from '../src/lib/json'

const CONTROLS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')

describe('parseLenientJson', () => {
  it.each([
    ['a control character in a text', '{"a":"\u0014琦\b"}', { a: '\u0014琦\b' }],
    ['every control character', `"${CONTROLS}"`, CONTROLS],
    ['a line feed after an escaped backslash', '["\\\\\n"]', ['\\\n']],
    ['a line feed after an escaped quotation mark', '["\\"\n"]', ['"\n']],
    ['a tab in a name', '{"a\tb":1}', { 'a\tb': 1 }],
    ['line breaks between values as well', '{\r\n"a":\t"\n",\n"b":[]}', { a: '\n', b: [] }],
  ])('A JSON text is read despite %s', (_, text, value) => {
    expect([parseJson(text), parseLenientJson(text)]).toEqual([undefined, value as unknown])
  })

  it.each([
    '',
    '{',
    '{"a":"\u0014"',
    '\u0014{}',
    '{"a":\u0014 1}',
    '["\\\n"]',
    "{'a':'\n'}",
    '<xml/>',
  ])('The text %j is no JSON', (text) => {
    expect(parseLenientJson(text)).toBeUndefined()
  })

  it('A reviver sees the digits of a number, whether or not the text had control characters', () => {
    const source = (_: string, value: unknown, context: { source?: string } = {}) =>
      typeof value === 'number' ? context.source : value
    for (const text of ['["x",23456789012345678]', '["\n",23456789012345678]']) {
      expect(parseLenientJson(text, source)).toContain('23456789012345678')
    }
  })

  it('A text of 64 KiB of control characters is read in a moment', () => {
    const text = '\u0001'.repeat(64 * 1024)
    expect(parseLenientJson(`"${text}"`)).toBe(text)
    expect(parseLenientJson('"\\'.repeat(32 * 1024))).toBeUndefined()
  })
})

describe('toSentJson', () => {
  it('toSentJson escapes line and paragraph separators, and changes no value', () => {
    const value = { 'a\u2028': ['\u2029\u2029', '\\u2028'] }
    expect(toSentJson(value)).toBe('{"a\\u2028":["\\u2029\\u2029","\\\\u2028"]}')
    expect(JSON.parse(toSentJson(value))).toEqual(value)
  })
})
