import { describe, expect, it } from 'vitest'
import { readAtMost } from '../src/lib/read-at-most'

/** Of the streams that are made in JavaScript: of bytes, or of values of any type. */
type Kind = 'bytes' | undefined
const KINDS: readonly Kind[] = ['bytes', undefined]

function createStream(kind: Kind, source: UnderlyingSource<Uint8Array>) {
  // The types of the platform have a controller of its own for each kind.
  return new ReadableStream<Uint8Array>({ ...source, type: kind as '' })
}

function inPieces(
  kind: Kind,
  bytes: Uint8Array,
  { length = 1000, cancel = () => {} } = {},
): ReadableStream<Uint8Array> {
  let offset = 0
  return createStream(kind, {
    pull(controller) {
      if (offset >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(offset, offset + length))
      offset += length
    },
    cancel,
  })
}

const LENGTHS = [1, 4095, 4096, 4097, 12_288, 12_289, 1_000_000]

describe('readAtMost', () => {
  it.each(LENGTHS)(
    'A body of %d bytes comes back whole, whatever kind of stream it is',
    async (length) => {
      const bytes = Uint8Array.from({ length }, (_, index) => index % 251)
      const streams = [
        new Response(bytes).body,
        inPieces('bytes', bytes).pipeThrough(new IdentityTransformStream()),
        inPieces('bytes', bytes),
        inPieces('bytes', bytes, { length: 70_000 }),
        inPieces(undefined, bytes),
        inPieces(undefined, bytes, { length: 70_000 }),
      ]
      for (const stream of streams) {
        const read = await readAtMost(stream, length)
        // A comparison by `toEqual` takes seconds.
        expect(read && Buffer.compare(read, bytes)).toBe(0)
      }
    },
  )

  it('A body without a byte, and no body, are empty', async () => {
    const empty = new Uint8Array()
    expect(await readAtMost(null, 10)).toEqual(empty)
    expect(await readAtMost(new Response('').body, 10)).toEqual(empty)
    for (const kind of KINDS) expect(await readAtMost(inPieces(kind, empty), 10)).toEqual(empty)
  })

  it.each(LENGTHS)('A body of %d bytes is refused if the limit is one less', async (length) => {
    const bytes = new Uint8Array(length)
    expect(await readAtMost(new Response(bytes).body, length - 1)).toBeNull()
    for (const kind of KINDS) expect(await readAtMost(inPieces(kind, bytes), length - 1)).toBeNull()
  })

  it('The rest of a body that is too long is not read', async () => {
    let cancelled = 0
    const cancel = () => void cancelled++
    for (const kind of KINDS) {
      const long = inPieces(kind, new Uint8Array(1_000_000), { cancel })
      expect(await readAtMost(long, 10_000)).toBeNull()
    }
    expect(cancelled).toBe(2)
  })

  it('A body that is too long is refused at once, even if its sender stalls then', async () => {
    for (const kind of KINDS) {
      const stalled = createStream(kind, {
        start: (controller) => controller.enqueue(new Uint8Array(10_001)),
      })
      expect(await readAtMost(stalled, 10_000)).toBeNull()
    }
  })

  it('A body that breaks off is an error', async () => {
    for (const kind of KINDS) {
      const broken = createStream(kind, {
        pull: (controller) => controller.error(new Error('the connection was lost')),
      })
      await expect(readAtMost(broken, 10)).rejects.toThrow('the connection was lost')
    }
  })
})
