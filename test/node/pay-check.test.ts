/** `npm run pay:check` against an echo endpoint that verifies and signs as WeChat Pay does. */

import { execFile } from 'node:child_process'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const MCHID = '1900007291'
const SERIAL_NO = '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C'
const PUBLIC_KEY_ID = 'PUB_KEY_ID_0114232134912410000000000000'
const NOTIFY_URL = 'https://pay.example.com/wechat/pay/events'

const rsa = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const merchant = rsa()
const wechat = rsa()
const SECRETS = {
  WECHAT_PAY_PRIVATE_KEY: merchant.privateKey,
  WECHAT_PAY_PUBLIC_KEY: wechat.publicKey,
  WECHAT_PAY_API_V3_KEY: '0123456789abcdefGHIJKLMNopqrstUV',
  SERVICE_KEYS: 'a-service-key-for-the-tests-of-payments',
}

/** What WeChat Pay has received in the running test. */
let bodies: string[] = []

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString()
  bodies.push(body)
  if (!hasGoodSignature(request, body)) return answer(response, 401, '{"code":"SIGN_ERROR"}')
  const { echo_message } = JSON.parse(body)
  return answer(response, 200, JSON.stringify({ echo_message }))
})
const folder = mkdtempSync(join(tmpdir(), 'pay-check-'))

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

function hasGoodSignature({ method, url, headers }: IncomingMessage, body: string): boolean {
  const { authorization = '', 'wechatpay-serial': serial } = headers
  const [, mchid, nonce, signature = '', timestamp, serialNo] =
    /^WECHATPAY2-SHA256-RSA2048 mchid="(\w+)",nonce_str="(\w+)",signature="(\S+)",timestamp="(\d+)",serial_no="(\w+)"$/.exec(
      authorization,
    ) ?? []
  const text = `${method}\n${url}\n${timestamp}\n${nonce}\n${body}\n`
  const isSame = mchid === MCHID && serialNo === SERIAL_NO && serial === PUBLIC_KEY_ID
  const bytes = Buffer.from(signature, 'base64')
  return isSame && verify('sha256', Buffer.from(text), merchant.publicKey, bytes)
}

function answer(response: ServerResponse, status: number, body: string): void {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const text = Buffer.from(`${timestamp}\nthe-nonce\n${body}\n`)
  const signature = sign('sha256', text, wechat.privateKey).toString('base64')
  response
    .writeHead(status, {
      'Content-Type': 'application/json',
      'Request-ID': '08B2A3C4-268443699',
      'Wechatpay-Timestamp': timestamp,
      'Wechatpay-Nonce': 'the-nonce',
      'Wechatpay-Signature': signature,
      'Wechatpay-Serial': PUBLIC_KEY_ID,
    })
    .end(body)
}

interface Check {
  /** Secrets instead of the right ones. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Hosts before the one that answers. */
  readonly hosts?: string
  readonly args?: readonly string[]
}

/** Writes settings and runs the command with them. */
async function check({ secrets = {}, hosts = '', args = [] }: Check = {}) {
  const { port } = server.address() as AddressInfo
  const vars = {
    WECHAT_PAY_MCHID: MCHID,
    WECHAT_PAY_CERT_SERIAL_NO: SERIAL_NO,
    WECHAT_PAY_PUBLIC_KEY_ID: PUBLIC_KEY_ID,
    WECHAT_PAY_NOTIFY_URL: NOTIFY_URL,
    WECHAT_PAY_API_BASE: `${hosts}http://127.0.0.1:${port}`,
  }
  const config = Object.entries(vars).reduce(
    (text, [name, value]) =>
      text.replace(new RegExp(`^${name} = .*$`, 'm'), `${name} = "${value}"`),
    readFileSync('src/pay/wrangler.toml', 'utf8'),
  )
  const path = join(folder, 'wrangler.toml')
  writeFileSync(path, config)
  const lines = Object.entries({ ...SECRETS, ...secrets }).map(
    ([name, value]) => `${name}="${value}"\n`,
  )
  writeFileSync(join(folder, '.dev.vars'), lines.join(''))
  bodies = []
  return run('-c', path, ...args)
}

/** Runs the command of package.json's `pay:check`. */
function run(...args: string[]): Promise<{ exitCode: number; output: string }> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const [, ...command] = scripts['pay:check'].split(' ')
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number; output: string }>()
  execFile(process.execPath, [...command, ...args], (error, stdout, stderr) => {
    resolve({ exitCode: Number(error?.code ?? 0), output: stdout + stderr })
  })
  return promise
}

describe('npm run pay:check', () => {
  it('with the right settings, every line is right and the exit code is 0', async () => {
    const { exitCode, output } = await check()
    expect(output).toContain('ok     WeChat Pay accepts the signature')
    expect(output).toContain('ok     The answer is signed by WeChat Pay')
    expect(output).toContain('note   Neither HOOKS nor EVENTS is bound')
    expect(output).not.toContain('wrong')
    expect(exitCode).toBe(0)
    expect(JSON.parse(bodies[0] ?? '')).toEqual({ echo_message: expect.any(String) })
  })

  it('with --callback, the second host is asked to call the notify URL if the first one accepts no connection', async () => {
    // Nothing listens on port 1.
    const hosts = 'http://127.0.0.1:1,http://[::1]:1,'
    const { exitCode, output } = await check({ hosts, args: ['--callback'] })
    expect(output).toContain(`WeChat Pay now calls ${NOTIFY_URL}`)
    expect([exitCode, bodies.length]).toEqual([0, 1])
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ notify_url: NOTIFY_URL })
  })

  it('with the private key of another merchant, the signature is named as wrong', async () => {
    const secrets = { WECHAT_PAY_PRIVATE_KEY: rsa().privateKey }
    const { exitCode, output } = await check({ secrets })
    expect(output).toMatch(
      /wrong {2}WeChat Pay refuses the request \(HTTP status 401, SIGN_ERROR\)/,
    )
    expect(output).toContain('08B2A3C4-268443699')
    expect(exitCode).toBe(1)
  })

  it('settings of the wrong form are all named without their values, and WeChat Pay is not asked', async () => {
    const cutOff = merchant.privateKey.split('\n').slice(0, 10).join('\n')
    const secrets = {
      WECHAT_PAY_PRIVATE_KEY: cutOff,
      WECHAT_PAY_API_V3_KEY: 'one-byte-too-few-one-byte-too-f',
    }
    const { exitCode, output } = await check({ secrets })
    expect(output).toContain('wrong  WECHAT_PAY_PRIVATE_KEY is cut off')
    expect(output).toContain('wrong  WECHAT_PAY_API_V3_KEY must have 32 bytes')
    const values = [...Object.values({ ...SECRETS, ...secrets }), cutOff.slice(40, 90)]
    expect(values.filter((value) => output.includes(value))).toEqual([])
    expect([exitCode, bodies]).toEqual([1, []])
  })
})
