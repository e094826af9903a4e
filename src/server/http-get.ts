/** GET over `node:http`, which takes half the time of Node's `fetch`. It follows no redirect. */

import * as http from 'node:http'
import * as https from 'node:https'
import { finished, Readable } from 'node:stream'

/**
 * Resolves with the head of the response. Only `body` and `arrayBuffer()` read what follows, on demand:
 * to make a stream in any case would take longer than the request.
 */
export function httpGet({ url, headers, signal }: Request): Promise<Response> {
  const { get } = url.startsWith('https:') ? https : http
  const options = { headers: Object.fromEntries(headers), signal: signal as globalThis.AbortSignal }
  return new Promise((resolve, reject) => {
    const request = get(url, options, (incoming) => {
      try {
        resolve(toResponse(incoming))
      } catch (error) {
        request.destroy()
        reject(error)
      }
    })
    request.on('error', reject)
  })
}

function toResponse(incoming: http.IncomingMessage): Response {
  const { 'set-cookie': _, ...headers } = incoming.headers
  const status = incoming.statusCode ?? 0
  const response = new Response(null, { status, headers: headers as Record<string, string> })
  let stream: unknown = null
  return Object.defineProperties(response, {
    arrayBuffer: { value: () => readAll(incoming) },
    body: {
      get: () => {
        stream ??= Readable.toWeb(incoming)
        return stream
      },
    },
  })
}

/** Rejects also where the connection has ended before anybody reads, which no event would tell. */
function readAll(incoming: http.IncomingMessage): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    incoming.on('data', (chunk) => chunks.push(chunk))
    finished(incoming, (error) => {
      if (error) reject(error)
      else resolve(Uint8Array.from(Buffer.concat(chunks)).buffer)
    })
  })
}
