/** What a deploy would leave empty, and the command that shows that it works. */

import { basename } from 'node:path'

/** What wrangler reads in a wrangler.toml, for one environment. */
export interface WorkerConfig {
  /** The path of the Worker's main module. */
  readonly main?: string | undefined
  readonly vars: Readonly<Record<string, unknown>>
  readonly secrets?: { readonly required?: readonly string[] | undefined } | undefined
  readonly services?: readonly { readonly binding: string }[] | undefined
}

/** The file of `--secrets-file`. */
export interface SecretsFile {
  readonly path: string
  readonly values: Readonly<Record<string, unknown>>
}

export interface Deploy {
  /** The path of the wrangler.toml. */
  readonly path: string
  /** The value of `--env`; empty for the settings outside of all environments. */
  readonly env: string
  readonly config: WorkerConfig
  /** `null` without `--secrets-file`: the Worker keeps the secrets that it has. */
  readonly secretsFile: SecretsFile | null
}

const LOGIN = 'login-worker.ts'
const PAYMENTS = 'payments-worker.ts'

/** The vars without which a Worker refuses every request, with what each of them is. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [LOGIN]: {
    WECHAT_APPID: 'the AppID of your mini program (mp.weixin.qq.com, Development settings)',
  },
  [PAYMENTS]: {
    WECHAT_PAY_MCHID: 'the number of the merchant (pay.weixin.qq.com)',
    WECHAT_PAY_CERT_SERIAL_NO: 'the serial number of the merchant API certificate',
    WECHAT_PAY_PUBLIC_KEY_ID: "the id of WeChat Pay's public key",
    WECHAT_PAY_NOTIFY_URL: 'the address that WeChat Pay calls: https://…/wechat/pay/events',
  },
}

const ISSUER = 'the public URL of this Worker, which ACCESS_TOKEN_KEY needs'

/** What is missing, one sentence each; empty if nothing is. */
export function findMissing({ path, env, config, secretsFile }: Deploy): readonly string[] {
  const main = basename(config.main ?? '')
  const table = env === '' ? '[vars]' : `[env.${env}.vars]`
  const needsIssuer = main === LOGIN && isSet('ACCESS_TOKEN_KEY', { config, secretsFile })
  const vars = Object.entries({ ...REQUIRED[main], ...(needsIssuer && { ISSUER }) })
    .filter(([name]) => !isSet(name, { config, secretsFile }))
    .filter(
      ([name]) => name !== 'WECHAT_APPID' || !namesMiniProgramsElsewhere({ config, secretsFile }),
    )
    .map(([name, what]) => `${name} is empty. Write it into ${path}, under ${table}: ${what}.`)
  const secrets = Object.entries(secretsFile?.values ?? {})
    .filter(([, value]) => isEmpty(value))
    .map(([name]) => `${name} has no value in ${secretsFile?.path}. Write one, or remove the line.`)
  return [...vars, ...secrets]
}

/** A secret that wrangler requires is one that the Worker has: else wrangler refuses. */
function isSet(name: string, { config, secretsFile }: Pick<Deploy, 'config' | 'secretsFile'>) {
  const isRequired = !(name in config.vars) && config.secrets?.required?.includes(name)
  return isRequired || ![config.vars[name], secretsFile?.values[name]].every(isEmpty)
}

function namesMiniProgramsElsewhere(deploy: Pick<Deploy, 'config' | 'secretsFile'>): boolean {
  const hasHooks = deploy.config.services?.some(({ binding }) => binding === 'HOOKS')
  return hasHooks || isSet('WECHAT_APPS', deploy)
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || String(value).trim() === ''
}

/**
 * The command that shows that a deployed Worker works, and what to look for; `null` for another
 * Worker than ours, or one without an address.
 *
 * @param targets Where wrangler has deployed the Worker to, in its words
 */
export function findProof(deploy: Deploy, targets: readonly string[]): string | null {
  const { path, config } = deploy
  const main = basename(config.main ?? '')
  if (targets.length === 0) return null
  if (main === PAYMENTS) {
    const other = path === 'src/pay/wrangler.toml' ? '' : ` -c ${path}`
    return `  npm run pay:check -- --callback${other}\n\nIt has WeChat Pay call this Worker.`
  }
  const address = findAddress(targets)
  if (main !== LOGIN || address === null) return null
  const isKnown = isSet('WECHAT_APPID', deploy)
  const body = `{"code":"made-up"${isKnown ? '' : ',"appid":"the AppID of a mini program"'}}`
  const command = `curl ${address}/login --json '${body}'`
  return `  ${command}\n\nThe answer code_invalid means that WeChat accepts the AppID and the AppSecret.`
}

/** A custom domain before `workers.dev`, which does not open in mainland China. */
function findAddress(targets: readonly string[]): string | null {
  const find = (pattern: RegExp) => targets.map((target) => pattern.exec(target)?.[1]).find(Boolean)
  const host = find(/^(\S+) \(custom domain/) ?? find(/^(?:https:\/\/)?(\S+\.workers\.dev)$/)
  return host ? `https://${host}` : null
}
