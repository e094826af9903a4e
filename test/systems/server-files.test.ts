/** The files of deploy/, with the real programs, in front of a real server. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPort } from '../support/databases'
import { CREDENTIALS, type Environment, startEnvironment } from '../support/environment'
import { findProgram } from '../support/programs'
import { startServer, type TestServer } from '../support/server'

const HOST = 'login.example.com'
const NGINX = findProgram('nginx', '/usr/sbin/nginx')
const CADDY = findProgram('caddy', '/usr/bin/caddy')
const SYSTEMD = findProgram('systemd-analyze', '/usr/bin/systemd-analyze')
const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
const children: ChildProcess[] = []

let environment: Environment
let server: TestServer

beforeAll(async () => {
  environment = await startEnvironment()
  const env = {
    ...CREDENTIALS,
    WECHAT_API_BASE: environment.upstream.url,
    CLIENT_IP_HEADER: 'X-Real-IP',
    LOGIN_LIMIT: '1',
  }
  server = await startServer({ env })
})
afterAll(async () => {
  for (const child of children) {
    const ended = once(child, 'close')
    child.kill()
    await ended
  }
  await server.close()
  await environment.close()
  rmSync(directory, { recursive: true })
})

/** A request to the proxy by TLS, as a phone sends it: the status of the response. */
function post(port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'X-Real-IP': address }
    const options = {
      port,
      method: 'POST',
      path: '/login',
      host: '127.0.0.1',
      servername: HOST,
      headers: { ...headers, Host: HOST },
      rejectUnauthorized: false,
    }
    const sent = request(options, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.once('error', reject).end('{"code":"unknown"}')
  })
}

/** Repeats a request until somebody accepts the connection. */
async function postWhenOpen(port: number, address: string): Promise<number> {
  for (;;) {
    const status = await post(port, address).catch(() => null)
    if (status !== null) return status
  }
}

/** The statuses of logins from one phone that claims another address each time. */
async function logInOften(port: number): Promise<number[]> {
  const statuses = [await postWhenOpen(port, '10.0.0.1')]
  for (const address of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) {
    statuses.push(await post(port, address))
  }
  return statuses
}

describe('the files of deploy/', () => {
  it.skipIf(NGINX.notice)(
    `the site of nginx passes logins on with an address that no header of a phone forges${NGINX.notice}`,
    async () => {
      const port = await findPort()
      const [certificate, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
      execFileSync('openssl', [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        `/CN=${HOST}`,
        '-keyout',
        key,
        '-out',
        certificate,
      ])
      const site = readFileSync('deploy/nginx.conf', 'utf8')
        .replace('127.0.0.1:8787', server.url.host)
        .replace('listen 443', `listen 127.0.0.1:${port}`)
        .replace(/ssl_certificate .*/, `ssl_certificate ${certificate};`)
        .replace(/ssl_certificate_key .*/, `ssl_certificate_key ${key};`)
      const main = join(directory, 'nginx.conf')
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${join(directory, name)};`,
      )
      writeFileSync(
        main,
        `daemon off; pid ${join(directory, 'pid')}; events {} http { access_log off; ${paths.join(' ')}\n${site}}`,
      )
      children.push(spawn('/usr/sbin/nginx', ['-c', main, '-e', join(directory, 'errors')]))
      const statuses = await logInOften(port)
      // A minute may end in between.
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2)
    },
  )

  it.skipIf(CADDY.notice)(
    `the site of Caddy passes logins on with an address that no header of a phone forges${CADDY.notice}`,
    async () => {
      const port = await findPort()
      const site = readFileSync('deploy/Caddyfile', 'utf8')
        .replace('127.0.0.1:8787', server.url.host)
        .replace('login.example.com {', `https://${HOST}:${port} {\n\ttls internal`)
      const main = join(directory, 'Caddyfile')
      const options = '{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n'
      writeFileSync(main, options + site)
      const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory }
      const args = ['run', '--config', main, '--adapter', 'caddyfile']
      children.push(spawn('/usr/bin/caddy', args, { env }))
      const statuses = await logInOften(port)
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2)
    },
  )

  it.skipIf(SYSTEMD.notice)(`systemd finds nothing wrong in the unit${SYSTEMD.notice}`, () => {
    // The programs that it starts are not here.
    const unit = readFileSync('deploy/code2session.service', 'utf8').replace(
      /^ExecStart=.*$/m,
      'ExecStart=/bin/true',
    )
    const path = join(directory, 'code2session.service')
    writeFileSync(path, unit)
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], {
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('the unit, the compose file and the image wait longer than the server takes to end', () => {
    const unit = readFileSync('deploy/code2session.service', 'utf8')
    const compose = readFileSync('deploy/compose.yaml', 'utf8')
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(10)
    expect(Number(/stop_grace_period: (\d+)s/.exec(compose)?.[1])).toBeGreaterThan(10)
    expect(readFileSync('deploy/Dockerfile', 'utf8')).toMatch(/^CMD \["node", /m)
  })
})
