/** Bounded reading of a body. */

import { concat } from './bytes'

/**
 * Reads a stream to its end, or until it exceeds the limit.
 *
 * @param limit in bytes
 * @returns `null` if the stream is longer; the rest is cancelled unread
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!stream) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  // In workerd, a reader takes less time than `for await`.
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(chunks)
    length += value.length
    if (length > limit) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
}
