/** Watches which Responses the code under test makes. */

import { expect } from 'vitest'

/**
 * Every Response that is constructed until the task ends, in this order, and what the task returns.
 *
 * @example
 * const { made, result } = await recordResponses(() => app.send('GET', '/health'))
 */
export async function recordResponses<Result>(task: () => Promise<Result>) {
  const original = globalThis.Response
  const made: Response[] = []
  const record = (response: Response) => {
    made.push(response)
    return response
  }
  globalThis.Response = new Proxy(original, {
    construct: (target, args, newTarget) => record(Reflect.construct(target, args, newTarget)),
    get: (target, name) =>
      name === 'json'
        ? (...args: Parameters<typeof Response.json>) => record(target.json(...args))
        : Reflect.get(target, name),
  })
  try {
    return { made, result: await task() }
  } finally {
    globalThis.Response = original
  }
}

/** Expects both headers, each with one value: `get` joins several of one name with commas. */
export function expectAnswerHeaders({ headers }: { readonly headers: Headers }): void {
  expect(headers.get('Cache-Control')).toBe('no-store')
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
}

/**
 * Sends a request, and expects that the Response which leaves is the only one with our headers that
 * was made: none of them is made again from another one.
 */
export async function expectMadeOnce(send: () => Promise<Response>): Promise<Response> {
  const { made, result: response } = await recordResponses(send)
  const answers = made.filter(({ headers }) => headers.has('X-Content-Type-Options'))
  expect(answers).toHaveLength(1)
  expect(answers[0]).toBe(response)
  expectAnswerHeaders(response)
  return response
}
