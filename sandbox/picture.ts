/** The picture of a mini-program code: a PNG of rays around a disc, which depend on a text. */

import { concat } from '../src/lib/bytes'
import { sha256Bytes } from './encrypt'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
/** Two rays per byte of the hash: each half byte is a length. */
const RAYS = 64

/**
 * Draws the picture for a text.
 *
 * @param width Of the square, in pixels
 * @returns the bytes of a PNG with one bit per pixel
 */
export async function drawCode(text: string, width: number): Promise<Uint8Array<ArrayBuffer>> {
  const rays = [...(await sha256Bytes(text))].flatMap((byte) => [byte >> 4, byte & 15])
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, width)
  header[8] = 1
  return concat([
    new Uint8Array(SIGNATURE),
    toChunk('IHDR', header),
    toChunk('IDAT', await deflate(drawRows(rays, width))),
    toChunk('IEND', new Uint8Array()),
  ])
}

/** The rows, each after a byte that says "no filter". A white pixel is a 1. */
function drawRows(rays: readonly number[], width: number): Uint8Array<ArrayBuffer> {
  const stride = 1 + Math.ceil(width / 8)
  const rows = new Uint8Array(stride * width)
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const isWhite = !isInked(rays, (2 * x) / width - 1, (2 * y) / width - 1)
      const index = y * stride + 1 + (x >> 3)
      if (isWhite) rows[index] = (rows[index] ?? 0) | (0x80 >> (x & 7))
    }
  }
  return rows
}

/** Whether a point is black, where the picture reaches from -1 to 1. */
function isInked(rays: readonly number[], x: number, y: number): boolean {
  const radius = Math.hypot(x, y)
  const turn = (Math.atan2(y, x) / (2 * Math.PI) + 1) % 1
  const isBetweenRays = (turn * RAYS) % 1 > 0.55
  const length = rays[Math.floor(turn * RAYS)] ?? 0
  return radius < 0.3 || (!isBetweenRays && radius > 0.42 && radius < 0.5 + length * 0.03)
}

function toChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const content = concat([new TextEncoder().encode(type), data])
  return concat([toUint32(data.length), content, toUint32(crc32(content))])
}

function toUint32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { body } = new Response(bytes)
  const stream = body?.pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
