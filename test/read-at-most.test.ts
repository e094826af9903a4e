import { describe, expect, it } from 'vitest'
import { readAtMost } from '../src/lib/read-at-most'

/** A stream of bytes that is made in JavaScript, in pieces; `onCancel` is told if it is cancelled. */
function inPieces(
  bytes: Uint8Array,
  { length = 1000, onCancel }: { length?: number; onCancel?: () => void } = {},
): ReadableStream<Uint8Array> {
  let offset = 0
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(offset, offset + length))
      offset += length
    },
    cancel: () => onCancel?.(),
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
        inPieces(bytes).pipeThrough(new IdentityTransformStream()),
        inPieces(bytes),
        inPieces(bytes, { length: 70_000 }),
      ]
      for (const stream of streams) expect(await readAtMost(stream, length)).toEqual(bytes)
    },
  )

  it('A body without a byte, and no body, are empty', async () => {
    expect(await readAtMost(null, 10)).toEqual(new Uint8Array())
    expect(await readAtMost(new Response('').body, 10)).toEqual(new Uint8Array())
    expect(await readAtMost(inPieces(new Uint8Array()), 10)).toEqual(new Uint8Array())
  })

  it.each(LENGTHS)('A body of %d bytes is refused if the limit is one less', async (length) => {
    const bytes = new Uint8Array(length)
    expect(await readAtMost(new Response(bytes).body, length - 1)).toBeNull()
    expect(await readAtMost(inPieces(bytes), length - 1)).toBeNull()
  })

  it('The rest of a body that is too long is not read', async () => {
    const endless = new Uint8Array(1_000_000)
    let isCancelled = false
    const onCancel = () => {
      isCancelled = true
    }
    expect(await readAtMost(inPieces(endless, { onCancel }), 10_000)).toBeNull()
    expect(isCancelled).toBe(true)
  })

  it('A body that breaks off is an error', async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error('the connection was lost')),
    })
    await expect(readAtMost(broken, 10)).rejects.toThrow('the connection was lost')
  })
})
