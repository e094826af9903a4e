/**
 * A load generator: HTTP/1.1 over plain sockets, with one request at a time on each. An HTTP client
 * would use more processor time than the servers, and the figures would be its own.
 */

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

/** The parts of an answer that the benchmark reads. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** A server that has not answered for so long fails the measurement. */
const SILENCE_MILLISECONDS = 15_000

/** workerd closes a connection that has been idle for 5 seconds. */
const IDLE_MILLISECONDS = 4000

/** A whole HTTP request as text, so that it can be built once and sent often. */
export function requestText(
  method: string,
  path: string,
  options: {
    headers?: Readonly<Record<string, string>>
    json?: object
    form?: Readonly<Record<string, string>>
  } = {},
): string {
  const { json, form } = options
  const body = form ? new URLSearchParams(form).toString() : json ? JSON.stringify(json) : ''
  const headers = Object.entries({
    Host: '127.0.0.1',
    ...(json && { 'Content-Type': 'application/json' }),
    ...(form && { 'Content-Type': 'application/x-www-form-urlencoded' }),
    ...(method === 'POST' && { 'Content-Length': Buffer.byteLength(body) }),
    ...options.headers,
  })
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

export interface Load {
  /** Sends this many requests, and throws if an answer is not a success. */
  send(requests: number): Promise<void>
  close(): void
}

/** Opens the connections over which a server gets its requests. */
export async function openLoad(
  port: number,
  next: () => string,
  connections: number,
): Promise<Load> {
  const openAll = () => Promise.all(Array.from({ length: connections }, () => open(port)))
  let sockets = await openAll()
  let exchanges = sockets.map(createConnection)
  let lastUsed = performance.now()
  const close = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    async send(requests) {
      if (performance.now() - lastUsed > IDLE_MILLISECONDS) {
        close()
        sockets = await openAll()
        exchanges = sockets.map(createConnection)
      }
      let left = requests
      await Promise.all(
        exchanges.map(async (exchange) => {
          while (left-- > 0) {
            const { status, body } = await exchange(next())
            if (status > 299) throw new Error(`it answered ${status}: ${body.slice(0, 200)}`)
          }
        }),
      )
      lastUsed = performance.now()
    },
    close,
  }
}

/** Sends one request over a connection of its own. */
export async function send(port: number, request: string): Promise<Answer> {
  const socket = await open(port)
  try {
    return await createConnection(socket)(request)
  } finally {
    socket.destroy()
  }
}

/** Whether something accepts connections on this port of the loopback interface. */
export async function accepts(port: number): Promise<boolean> {
  const socket = await open(port).catch(() => null)
  socket?.destroy()
  return socket !== null
}

/** A port of the loopback interface that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.setTimeout(SILENCE_MILLISECONDS, () => socket.destroy())
  return socket.setEncoding('latin1')
}

function createConnection(socket: Socket): (request: string) => Promise<Answer> {
  let received = ''
  let waiting: PromiseWithResolvers<Answer> | null = null
  const fail = () => waiting?.reject(new Error('the server closed the connection'))
  socket.on('error', fail).on('close', fail)
  socket.on('data', (chunk: string) => {
    received += chunk
    const answer = parseAnswer(received)
    if (!answer) return
    received = ''
    waiting?.resolve(answer)
  })
  return (request) => {
    waiting = Promise.withResolvers()
    if (socket.destroyed) fail()
    socket.write(request, 'latin1')
    return waiting.promise
  }
}

/** `null` while the answer is incomplete. */
function parseAnswer(text: string): Answer | null {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const headers = text.slice(0, end)
  const body = text.slice(end + 4)
  const status = Number(headers.slice(9, 12))
  const length = /\r\ncontent-length: (\d+)/i.exec(headers)?.[1]
  const isChunked = length === undefined && status !== 204
  const isComplete = isChunked ? body.endsWith('0\r\n\r\n') : body.length >= Number(length ?? 0)
  return isComplete ? { status, body } : null
}
