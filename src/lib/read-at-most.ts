/** Bounded reading of a body. */

/** In bytes. Most bodies are shorter: then the first read gets all of it, and shows that it has. */
const FIRST_CHUNK = 4 * 1024
const LARGEST_CHUNK = 64 * 1024

/** With the option `min` of the Streams standard, which the platform has and its types lack. */
interface ByteReader {
  read(
    view: Uint8Array<ArrayBuffer>,
    options: { min: number },
  ): Promise<ReadableStreamReadResult<Uint8Array>>
  cancel(): Promise<void>
}

type Reader = ByteReader | ReadableStreamDefaultReader<Uint8Array>

/**
 * Reads the body of a request or a response, unless it exceeds the limit.
 *
 * @param limit in bytes
 * @returns `null` if the body is longer; the rest is cancelled unread
 */
export async function readBody(
  message: Request | Response,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const { headers } = message
  const declared = headers.get('Content-Length')
  // The platform holds a body to the length it declares, and reads it faster than a loop does; but not
  // to that length once it is unpacked, or where it comes in chunks after all.
  const isHeld = !headers.has('Content-Encoding') && !headers.has('Transfer-Encoding')
  // `body` only where it is needed: it makes a stream, which on Node takes longer than the reading.
  if (!declared || Number(declared) > limit || !isHeld) return readAtMost(message.body, limit)
  const bytes = new Uint8Array(await message.arrayBuffer())
  return bytes.length > limit ? null : bytes
}

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
  const reader = openReader(stream)
  let bytes = new Uint8Array()
  let length = 0
  for (let size = FIRST_CHUNK; ; size = Math.min(size * 2, LARGEST_CHUNK)) {
    // One byte more than the limit is enough to refuse a body, and a sender may stall after it.
    const { chunk, isLast } = await readChunk(reader, Math.min(size, limit + 1 - length))
    if (length + chunk.length > limit) {
      await reader.cancel()
      return null
    }
    bytes = withRoom(bytes, length + chunk.length, limit)
    bytes.set(chunk, length)
    length += chunk.length
    if (isLast) return bytes.subarray(0, length)
  }
}

/** These bytes in a buffer with room for so many: it doubles, so that growing costs little. */
function withRoom(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
  limit: number,
): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes
  const grown = new Uint8Array(Math.min(limit, Math.max(length, bytes.length * 2)))
  grown.set(bytes)
  return grown
}

/** The platform's bodies are byte streams. A stream created in JavaScript may not be a byte stream. */
function openReader(stream: ReadableStream<Uint8Array>): Reader {
  try {
    return stream.getReader({ mode: 'byob' })
  } catch {
    return stream.getReader()
  }
}

async function readChunk(
  reader: Reader,
  size: number,
): Promise<{ chunk: Uint8Array; isLast: boolean }> {
  if (reader instanceof ReadableStreamDefaultReader) {
    const { done, value } = await reader.read()
    return { chunk: value ?? new Uint8Array(), isLast: done }
  }
  const { value } = await reader.read(new Uint8Array(size), { min: size })
  const chunk = value ?? new Uint8Array()
  return { chunk, isLast: chunk.length < size }
}
