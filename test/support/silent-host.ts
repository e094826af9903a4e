/** A host that swallows packets, as one behind a broken route does: no connection to it opens. */

import { spawn } from 'node:child_process'
import { connect } from 'node:net'

const BACKLOG = 1
const SERVER = `require('node:net').createServer().listen(
  { port: 0, host: '127.0.0.1', backlog: ${BACKLOG} },
  function () { process.stdout.write(String(this.address().port)) },
)`

/** The URL of the host, and how to end it. */
export async function startSilentHost(): Promise<{ url: string; close: () => void }> {
  const host = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await new Promise<Buffer[]>((resolve) =>
    host.stdout.once('data', (...data) => resolve(data)),
  )
  // Once it stands still, Linux fills its backlog, and then drops what else arrives.
  host.kill('SIGSTOP')
  const filling = Array.from({ length: BACKLOG + 1 }, () => connect(Number(port), '127.0.0.1'))
  await Promise.all(
    filling.map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
  )
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      for (const socket of filling) socket.destroy()
      host.kill('SIGKILL')
    },
  }
}
