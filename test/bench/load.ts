/**
 * A load generator: HTTP/1.1 over plain sockets, with one request at a time on each. An HTTP client
 * would use more processor time than the servers, and the machine has few cores.
 */

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** A server that has not answered for so long fails the measurement. */
const SILENCE_MILLISECONDS = 15_000

/** workerd closes a connection that has been idle for 5 seconds. */
const IDLE_MILLISECONDS = 4000

/** A whole HTTP request as text, so that it can be built once and sent often. Its body is JSON, if not a form. */
export function requestText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: object | URLSearchParams | null = null,
): string {
  const isForm = body instanceof URLSearchParams
  const content = isForm ? body.toString() : body ? JSON.stringify(body) : ''
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
  const length = `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(content)}\r\n`
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}`
  return `${head}${method === 'POST' ? length : ''}\r\n${content}`
}

/**
 * Opens so many connections for what sends requests over them, which throws if an answer is not a
 * success. They stay open.
 */
export function createLoad(port: number, next: () => string, connections: number) {
  let open: Connection[] = []
  let lastUsed = Number.NEGATIVE_INFINITY
  return async (requests: number): Promise<void> => {
    if (performance.now() - lastUsed > IDLE_MILLISECONDS) {
      for (const { socket } of open) socket.destroy()
      open = await Promise.all(Array.from({ length: connections }, () => openConnection(port)))
    }
    let left = requests
    const sendNext = async ({ exchange }: Connection) => {
      while (left-- > 0) {
        const { status, body } = await exchange(next())
        if (status > 299) throw new Error(`it answered ${status}: ${body.slice(0, 80)}`)
      }
    }
    await Promise.all(open.map(sendNext))
    lastUsed = performance.now()
  }
}

/** Sends one request over a connection of its own. */
export async function send(port: number, request: string): Promise<Answer> {
  const { socket, exchange } = await openConnection(port)
  return exchange(request).finally(() => socket.destroy())
}

/** Whether something accepts connections on this port. */
export async function accepts(port: number): Promise<boolean> {
  const connection = await openConnection(port).catch(() => null)
  connection?.socket.destroy()
  return connection !== null
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

interface Connection {
  readonly socket: Socket
  exchange(request: string): Promise<Answer>
}

async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.setTimeout(SILENCE_MILLISECONDS, () => socket.destroy()).setEncoding('latin1')
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
  const exchange = (request: string) => {
    waiting = Promise.withResolvers()
    if (socket.destroyed) fail()
    socket.write(request, 'latin1')
    return waiting.promise
  }
  return { socket, exchange }
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
