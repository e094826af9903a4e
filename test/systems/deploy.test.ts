/** `npm run deploy` and `npm run deploy:pay` against a stand-in for Cloudflare's API. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findMissing, findProof, type WorkerConfig } from '../../deploy/check'
import { type CloudflareApi, startCloudflareApi } from '../support/cloudflare-api'

const APPID = 'wx4f4bc4dec97d474b'
const LOGIN_SECRETS = 'WECHAT_APPSECRET=the-secret-of-the-mini-program\nSERVICE_KEYS="the keys"\n'
const MERCHANT = {
  WECHAT_PAY_MCHID: '1900007291',
  WECHAT_PAY_CERT_SERIAL_NO: '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C',
  WECHAT_PAY_PUBLIC_KEY_ID: 'PUB_KEY_ID_0114232134912410000000000000',
  WECHAT_PAY_NOTIFY_URL: 'https://pay.example.com/wechat/pay/events',
}
const PAY_SECRETS = [
  'WECHAT_PAY_PRIVATE_KEY="-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"',
  'WECHAT_PAY_PUBLIC_KEY=the-public-key',
  'WECHAT_PAY_API_V3_KEY=the-api-v3-key',
  'SERVICE_KEYS=the-keys-of-the-backends',
].join('\n')

let api: CloudflareApi
let folder: string

beforeEach(async () => {
  api = await startCloudflareApi()
  folder = mkdtempSync(join(tmpdir(), 'deploy-'))
})
afterEach(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

/** A copy of a wrangler.toml in the folder of the test, with other lines. */
function copyConfig(
  source: string,
  lines: Readonly<Record<string, string>> = {},
  more = '',
): string {
  const text = readFileSync(source, 'utf8')
    .replace(
      /^(main|directory) = "(.*)"$/gm,
      (_, key: string, path: string) => `${key} = "${resolve(dirname(source), path)}"`,
    )
    .replace(/^(\w+) = ""$/gm, (line, name: string) =>
      name in lines ? `${name} = "${lines[name]}"` : line,
    )
  return write('wrangler.toml', text + more)
}

const configureLogin = (more = '') => copyConfig('wrangler.toml', { WECHAT_APPID: APPID }, more)

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Runs the script of npm, as it stands in package.json. */
async function run(script: 'deploy' | 'deploy:pay', ...args: string[]) {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const [, ...words] = scripts[script].split(' ')
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    ...api.env,
  }
  const child = spawn(process.execPath, [...words, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = await once(child, 'close')
  return { code: code as number, output }
}

/** What the last deploy of a Worker has uploaded. */
function readUpload(name: string) {
  const { metadata, files } = api.workers.get(name)?.uploads.at(-1) ?? {}
  const bindings = (metadata?.bindings ?? []).map(({ name, type }) => `${type} ${name}`)
  return { metadata, files: files ?? {}, bindings: bindings.toSorted() }
}

/** A deploy takes seconds, and some tests deploy three times. */
const TIMEOUT = 120_000

describe('npm run deploy', { timeout: TIMEOUT }, () => {
  it('a first deploy uploads the Worker, and a second keeps its secrets and sessions', async () => {
    const config = configureLogin()
    const first = await run(
      'deploy',
      '-c',
      config,
      '--secrets-file',
      write('secrets', LOGIN_SECRETS),
    )
    expect(first).toMatchObject({ code: 0 })
    expect(first.output).toContain(
      `curl https://code2session.example.workers.dev/login --json '{"code":"made-up"}'`,
    )
    const { bindings, files, metadata } = readUpload('code2session')
    expect(bindings).toEqual([
      'kv_namespace SESSIONS',
      'plain_text OPEN_DATA_MAX_AGE',
      'plain_text SESSION_TTL',
      'plain_text WECHAT_API_BASE',
      'plain_text WECHAT_APPID',
      'ratelimit LOGIN_LIMIT',
      'ratelimit USER_LIMIT',
      'secret_text SERVICE_KEYS',
      'secret_text WECHAT_APPSECRET',
    ])
    expect(Object.keys(files)).toEqual(['login-worker.js'])
    expect(files['login-worker.js']).not.toMatch(/the-secret-of-the-mini-program|\/sandbox\//)
    expect(metadata).toMatchObject({
      observability: { enabled: true, redact_query_string: true, traces: { enabled: false } },
    })
    expect(api.assets()).toEqual([
      '/docs.css',
      '/docs.html',
      '/docs.js',
      '/openapi-pay.json',
      '/openapi.json',
    ])
    const before = api.workers.get('code2session')?.bindings

    expect(await run('deploy', '-c', config)).toMatchObject({ code: 0 })
    const after = api.workers.get('code2session')?.bindings
    expect(after).toEqual(expect.arrayContaining([...(before ?? [])]))
    expect(api.namespaces.map(({ title }) => title)).toEqual(['code2session-sessions'])
    expect(api.unknown).toEqual([])
  })

  it('a first deploy that fails half way says how to repeat it', async () => {
    const config = configureLogin()
    const args = ['-c', config, '--secrets-file', write('secrets', LOGIN_SECRETS)]
    api.failUpload()
    expect((await run('deploy', ...args)).code).toBe(1)
    const id = api.namespaces[0]?.id ?? ''
    const second = await run('deploy', ...args)
    expect(second.code).toBe(1)
    const lines = `  binding = "SESSIONS"\n  id = "${id}"`
    expect(second.output).toContain(`Write its id into ${config}, below its binding`)
    expect(second.output).toContain(lines)

    const text = readFileSync(config, 'utf8')
    writeFileSync(config, text.replace('binding = "SESSIONS"', lines.trimStart()))
    expect(await run('deploy', ...args)).toMatchObject({ code: 0 })
    const bindings = api.workers.get('code2session')?.bindings
    expect(bindings).toContainEqual({ type: 'kv_namespace', name: 'SESSIONS', namespace_id: id })
  })

  it('staging is a Worker of its own, with its own settings and sessions', async () => {
    const [, staging = ''] =
      /```toml\n(\[env\.staging\][^`]+)```/.exec(readFileSync('docs/operations.md', 'utf8')) ?? []
    const secrets = write('secrets', LOGIN_SECRETS)
    const empty = configureLogin(staging.replace('wx…', ''))
    const refused = await run('deploy', '-c', empty, '--env', 'staging', '--secrets-file', secrets)
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringContaining(`Write it into ${empty}, under [env.staging.vars]`),
    })
    const config = configureLogin(staging.replace('wx…', 'wxba5fad812f8e6fb9'))
    const { code, output } = await run(
      'deploy',
      '-c',
      config,
      '-e',
      'staging',
      '--secrets-file',
      secrets,
    )
    expect(code).toBe(0)
    expect(output).toContain('curl https://code2session-staging.example.workers.dev/login')
    expect(api.workers.get('code2session-staging')?.bindings).toContainEqual({
      type: 'plain_text',
      name: 'WECHAT_APPID',
      text: 'wxba5fad812f8e6fb9',
    })
    expect(api.namespaces.map(({ title }) => title)).toEqual(['code2session-staging-sessions'])
    expect([...api.workers.keys()]).toEqual(['code2session-staging'])
  })

  it('an AppID that is empty stops the deploy', async () => {
    const config = copyConfig('wrangler.toml')
    const { code, output } = await run('deploy', '-c', config)
    expect(code).toBe(1)
    expect(output).toContain(`WECHAT_APPID is empty. Write it into ${config}, under [vars]`)
  })

  it('a secret without a value stops the deploy', async () => {
    const example = readFileSync('.dev.vars.example', 'utf8')
    const secrets = write('secrets', example)
    const { code, output } = await run('deploy', '-c', configureLogin(), '--secrets-file', secrets)
    expect(code).toBe(1)
    expect(output).toContain(`WECHAT_APPSECRET has no value in ${secrets}`)
  })
})

describe('npm run deploy:pay', { timeout: TIMEOUT }, () => {
  it('uploads the payments Worker, with its keys as secrets', async () => {
    api.workers.set('code2session', { bindings: [], uploads: [] })
    const config = copyConfig('src/pay/wrangler.toml', MERCHANT)
    const secrets = write('secrets', PAY_SECRETS)
    const { code, output } = await run('deploy', '-c', config, '--secrets-file', secrets)
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(output).toContain('npm run pay:check -- --callback')
    const { bindings, files, metadata } = readUpload('code2session-pay')
    expect(bindings).toEqual([
      'plain_text WECHAT_PAY_API_BASE',
      'plain_text WECHAT_PAY_CERT_SERIAL_NO',
      'plain_text WECHAT_PAY_MCHID',
      'plain_text WECHAT_PAY_NOTIFY_URL',
      'plain_text WECHAT_PAY_PUBLIC_KEY_ID',
      'secret_text SERVICE_KEYS',
      'secret_text WECHAT_PAY_API_V3_KEY',
      'secret_text WECHAT_PAY_PRIVATE_KEY',
      'secret_text WECHAT_PAY_PUBLIC_KEY',
      'service LOGIN',
    ])
    expect(metadata?.bindings).toContainEqual({
      type: 'secret_text',
      name: 'WECHAT_PAY_PRIVATE_KEY',
      text: '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----',
    })
    expect(Object.keys(files)).toEqual(['payments-worker.js'])
    expect(files['payments-worker.js']).not.toContain('/sandbox/')
  })

  it('a merchant that is empty stops the deploy, and each setting is named', async () => {
    const { code, output } = await run('deploy:pay')
    expect(code).toBe(1)
    expect(output.match(/WECHAT_PAY_\w+ is empty/g)).toHaveLength(4)
  })
})

describe('findMissing', () => {
  const login = { main: 'src/workers/login-worker.ts', vars: { WECHAT_APPID: '' } }
  const find = (config: WorkerConfig, values: Record<string, unknown> | null = null) =>
    findMissing({
      path: 'wrangler.toml',
      env: '',
      config,
      secretsFile: values && { path: '.dev.vars', values },
    })

  it.each([
    ['the AppID is among the secrets', login, { WECHAT_APPID: APPID }],
    ['the secrets are those of several mini programs', login, { WECHAT_APPS: '{}' }],
    ['the Worker has WECHAT_APPS', { ...login, secrets: { required: ['WECHAT_APPS'] } }, null],
    ['HOOKS is bound', { ...login, services: [{ binding: 'HOOKS' }] }, null],
    ['the Worker is another one', { ...login, main: 'index.ts' }, null],
  ])('nothing is missing where %s', (_, config, values) => {
    expect(find(config, values)).toEqual([])
  })

  it('the command that shows that it works names an AppID where no setting has one', () => {
    const config = { ...login, services: [{ binding: 'HOOKS' }] }
    const deploy = { path: 'wrangler.toml', env: '', config, secretsFile: null }
    const proof = findProof(deploy, ['https://code2session.example.workers.dev'])
    expect(proof).toContain(`'{"code":"made-up","appid":"the AppID of a mini program"}'`)
  })

  it('an AppID that no setting has is missing', () => {
    expect(find({ ...login, vars: {} })).toHaveLength(1)
    expect(find(login, { WECHAT_APPID: ' ' })).toHaveLength(2)
  })

  it('an ISSUER that ACCESS_TOKEN_KEY needs is missing', () => {
    const secrets = { WECHAT_APPID: APPID, ACCESS_TOKEN_KEY: 'a PEM' }
    expect(find(login, secrets)).toEqual([expect.stringMatching(/^ISSUER is empty/)])
    const vars = { ...login.vars, ISSUER: 'https://login.example.com' }
    expect(find({ ...login, vars }, secrets)).toEqual([])
  })
})
