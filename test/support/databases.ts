/** Real Redis and MariaDB servers on free ports of this machine, with a directory of their own. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A port of this machine that nobody listens on. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Waits for a line of a process. A process that ends first rejects with what it has said. */
async function waitForLine(child: ChildProcess, line: RegExp): Promise<void> {
  let text = ''
  const found = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (line.test(text)) found.resolve()
    })
  }
  child.once('exit', () => found.reject(new Error(text)))
  await found.promise
}

export type Database = Awaited<ReturnType<typeof startRedis>>

/** Starts Redis; `restart` keeps its data and its port. */
export async function startRedis(options: readonly string[] = []) {
  const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
  const port = await findPort()
  const settings = ['--port', String(port), '--dir', directory, '--appendonly', 'yes', '--save', '']
  const start = async () => {
    const child = spawn('/usr/bin/redis-server', [...settings, ...options])
    await waitForLine(child, /Ready to accept connections/)
    return child
  }
  return control({ directory, start, port })
}

/** Starts MariaDB, with the user `code2session`, who may make the database of that name. */
export async function startMariadb() {
  const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
  const port = await findPort()
  const socket = join(directory, 'socket')
  const user = process.getuid?.() === 0 ? ['--user=mysql'] : []
  if (user.length > 0) {
    const [id, group] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'mysql'])))
    chownSync(directory, id ?? 0, group ?? 0)
  }
  const data = join(directory, 'data')
  execFileSync('mariadb-install-db', [
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
  ])
  const start = async () => {
    const child = spawn('/usr/sbin/mariadbd', [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      `--port=${port}`,
      `--socket=${socket}`,
      '--bind-address=127.0.0.1',
    ])
    await waitForLine(child, /ready for connections/)
    return child
  }
  const database = await control({ directory, start, port })
  const grants = ['127.0.0.1', 'localhost'].map(
    (host) => `GRANT ALL ON code2session.* TO 'code2session'@'${host}' IDENTIFIED BY 'p@ss word'`,
  )
  execFileSync('mariadb', ['-uroot', '-S', socket, '-e', grants.join(';')])
  return database
}

interface ControlOptions {
  readonly directory: string
  readonly start: () => Promise<ChildProcess>
  readonly port: number
}

async function control({ directory, start, port }: ControlOptions) {
  let child = await start()
  async function stop(): Promise<void> {
    child.removeAllListeners('exit')
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return {
    port,
    stop,
    restart: async () => {
      child = await start()
    },
    /** Leaves its connections open, and answers nothing until `wake`. */
    freeze: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    async close() {
      child.kill('SIGCONT')
      if (child.exitCode === null && child.signalCode === null) await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
