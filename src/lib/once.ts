/** What is made once, and not before it is needed. */

/**
 * Remembers how a task has ended. Until then, each caller runs a task of its own: on Workers,
 * waiting for another request's task can mean waiting for ever.
 *
 * @example
 * const keys = once(() => importKeys(pem))
 */
export function once<Value>(task: () => Promise<Value>): () => Promise<Value> {
  let settled: (() => Value) | null = null
  return async () => {
    settled ??= await task().then(
      (value) => () => value,
      (error) => () => {
        throw error
      },
    )
    return settled()
  }
}
