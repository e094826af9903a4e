/**
 * An HTTP server between a Worker under test and the sandbox. It passes requests on, holds them
 * back, or breaks their connections as only a real network can.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export async function startUpstream(sandbox: () => URL) {
  const handlers: Handler[] = []
  let calls = 0

  const server = createServer((request, response) => {
    calls++
    const handle = handlers.shift() ?? pass
    void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = await request.toArray()
    const answer = await fetch(new URL(request.url ?? '/', sandbox()), {
      method: request.method ?? 'GET',
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    const type = answer.headers.get('Content-Type') ?? ''
    response.writeHead(answer.status, { 'Content-Type': type }).end(await answer.text())
  }

  return {
    url: `http://127.0.0.1:${port}`,
    /** How many requests have arrived. */
    calls: () => calls,
    /** Handles the next request with this handler. */
    next: (handler: Handler) => void handlers.push(handler),
    /** Holds the next request back from its arrival until `release` is called. */
    hold(): { arrived: Promise<void>; release: () => void } {
      const arrival = Promise.withResolvers<void>()
      const gate = Promise.withResolvers<void>()
      handlers.push((request, response) => {
        arrival.resolve()
        gate.promise.then(() => pass(request, response))
      })
      return { arrived: arrival.promise, release: gate.resolve }
    },
    /** After this, connections are refused. */
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** How WeChat's answer or its connection can fail. */
export const FAULTS = {
  reset: (request) => request.socket.destroy(),
  html: (_, response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>'),
  cut: (request, response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('{"openid":"o')
    setImmediate(() => request.socket.destroy())
  },
  half_closed: (request, response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('{"openid":"o')
    setImmediate(() => request.socket.end())
  },
  large: (_, response) => response.end(`{"openid":"${'o'.repeat(64 * 1024)}"}`),
  empty: (_, response) => response.end(),
  hang: () => {},
  drip: (_, response) => {
    const timer = setInterval(() => response.write(' '), 100)
    response.on('close', () => clearInterval(timer))
  },
} as const satisfies Record<string, Handler>

/**
 * Sends a body of 5 bytes by its Content-Length, and without end by its chunks of 1 MiB, until the
 * connection is closed.
 *
 * @returns How many bytes have been handed to the socket
 */
export function sendEndlessly(response: ServerResponse): { bytes: () => number } {
  const { socket } = response
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  let bytes = 0
  const frame = Buffer.concat([Buffer.from('100000\r\n'), chunk, Buffer.from('\r\n')])
  const sendMore = () => {
    while (socket?.writable) {
      bytes += frame.length
      if (!socket.write(frame)) return
    }
  }
  socket?.on('drain', sendMore)
  socket?.on('error', () => undefined)
  const headers = ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked']
  socket?.write(`${headers.join('\r\n')}\r\n\r\n`)
  sendMore()
  return { bytes: () => bytes }
}
