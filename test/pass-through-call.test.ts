import { describe, expect, it } from 'vitest'
import { parseWeChatCall } from '../src/workers/pass-through-call'

it('A call may have null for what it does not have', () => {
  const call = parseWeChatCall('/wxa/getwxacode', { appid: null, query: null, body: null })
  expect(call).toMatchObject({ appid: null, method: 'GET', query: '', body: null })
})

describe('the body of a pass-through call', () => {
  it('A body that would be more than 10 MiB of JSON is refused before it is written', () => {
    const body = Array.from({ length: 40 }).reduce<object>((a) => ({ a, b: a }), {})
    expect(() => parseWeChatCall('/wxa/getwxacode', { body })).toThrow('invalid_request')
  })

  it.each([undefined, () => null, 1n, Symbol.iterator])(
    'A body with %o in it is refused, since JSON does not have it',
    (value) => {
      const call = { body: { value } }
      expect(() => parseWeChatCall('/wxa/getwxacode', call)).toThrow('invalid_request')
    },
  )
})
