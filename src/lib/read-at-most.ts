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
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream ?? []) {
    length += chunk.length
    // Leaving the loop cancels the stream.
    if (length > limit) return null
    chunks.push(chunk)
  }
  return concat(chunks)
}
