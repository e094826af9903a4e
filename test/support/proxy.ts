/** Stands before a server of this machine: counts connections, alters what comes back, falls silent. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** @param alter What a client gets of what the server has sent */
export async function startProxy(port: number, alter = (text: string) => text) {
  let count = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    count++
    const behind = connect(port, '127.0.0.1')
    client.pipe(behind)
    behind.on('data', (chunk) => client.write(alter(chunk.toString('latin1')), 'latin1'))
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    /** How many connections it has taken. */
    connections: () => count,
    /** How many of them are open. */
    open: () => sockets.size / 2,
    /** Nothing comes through the connections there are, which stay open. */
    mute(): void {
      for (const socket of sockets) socket.removeAllListeners('data').unpipe().resume()
    },
    close(): void {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
