/**
 * The self-test of the settings: WeChat Pay sends a signed text back, and no money moves. It is not
 * in the Worker: check.ts prints what it finds.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4014551946
 */

import { Problem } from '../src/core/problem'
import type { Runtime } from '../src/core/runtime'
import { findValue } from '../src/core/settings'
import { callWeChatPay, createNonce } from '../src/pay/api'
import { findOptionalFaults, type PayConfig, parsePayConfig } from '../src/pay/config'

/** One thing that has been checked, in plain words and without a secret. */
export interface Finding {
  readonly kind: 'ok' | 'note' | 'wrong'
  readonly text: string
}

export interface CheckOptions {
  /** Whether WeChat Pay shall call `WECHAT_PAY_NOTIFY_URL` as well. */
  readonly callback: boolean
}

const FAULTS: Readonly<Record<string, string>> = {
  missing:
    'The answer has no signature, so it is not from WeChat Pay. Check WECHAT_PAY_API_BASE, and what is between this machine and WeChat Pay.',
  type: 'The answer has a signature of another type than WECHATPAY2-SHA256-RSA2048.',
  timestamp:
    'The time of the answer is more than 5 minutes from the clock of this machine. Set the clock.',
  serial:
    'WeChat Pay signs with a key that these settings do not name. Compare WECHAT_PAY_PUBLIC_KEY_ID with the merchant console. If the merchant still has a platform certificate, set WECHAT_PAY_EXTRA_KEYS.',
  signature:
    'The signature of the answer does not fit WECHAT_PAY_PUBLIC_KEY. Repeat the check, because WeChat Pay gives a few wrong signatures on purpose. If it fails again, download pub_key.pem again.',
}

/**
 * Checks the form of all settings, then asks WeChat Pay to send a text back.
 *
 * @param env What the Worker would get
 * @returns at least one finding
 * @example
 * const findings = await checkSettings(env, runtime, { callback: false })
 */
export async function checkSettings(
  env: object,
  runtime: Runtime,
  options: CheckOptions,
): Promise<Finding[]> {
  try {
    const config = await parsePayConfig(env)
    const faults = findOptionalFaults(config)
    if (faults.length > 0) return toFindings(faults)
    return [
      { kind: 'ok', text: 'Every setting has the right form.' },
      ...findMissing(config),
      ...(await echo(config, runtime, options)),
    ]
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return toFindings(error.options.log?.settings ?? [])
  }
}

function toFindings(faults: readonly string[]): Finding[] {
  return faults.map((text) => ({ kind: 'wrong', text: `${text}.` }))
}

/** What a Worker can do without, but not every feature can. */
function findMissing({ serviceKeys, hooks, events }: PayConfig): Finding[] {
  const notes: string[] = []
  if (findValue(serviceKeys) === null) {
    notes.push('SERVICE_KEYS is missing: only other Workers can place orders, over RPC.')
  }
  if (!hooks && findValue(events) === null) {
    notes.push('Neither HOOKS nor EVENTS is bound: WeChat Pay gets 503 for every callback.')
  }
  return notes.map((text) => ({ kind: 'note', text }))
}

async function echo(
  config: PayConfig,
  runtime: Runtime,
  { callback }: CheckOptions,
): Promise<Finding[]> {
  const message = createNonce()
  const body = { echo_message: message, ...(callback && { notify_url: config.notifyUrl }) }
  const request = { call: 'echo', method: 'POST', pathAndQuery: '/v3/security/echo', body } as const
  try {
    const hosts = { passedOver: new Set<string>(), answered: null }
    const { echo_message } = await callWeChatPay({ runtime, config, hosts }, request)
    if (echo_message !== message) {
      return [{ kind: 'wrong', text: 'The answer is signed, but it is about another request.' }]
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return [{ kind: 'wrong', text: explain(error) }]
  }
  return [...SUCCESS, { kind: 'note', text: callback ? toCallbackNote(config) : UNCHECKED }]
}

const SUCCESS: readonly Finding[] = [
  {
    kind: 'ok',
    text: 'WeChat Pay accepts the signature: WECHAT_PAY_MCHID, WECHAT_PAY_CERT_SERIAL_NO and WECHAT_PAY_PRIVATE_KEY belong together.',
  },
  { kind: 'ok', text: 'The answer is signed by WeChat Pay, with a key that these settings name.' },
]

const UNCHECKED =
  'Not checked: whether callbacks arrive and WECHAT_PAY_API_V3_KEY opens them (add `-- --callback` once the Worker is deployed), and whether the appid is bound to the merchant.'

function toCallbackNote({ notifyUrl }: PayConfig): string {
  return `WeChat Pay now calls ${notifyUrl} with SECURITY_ECHO.SUCCESS. If it arrives and opens, the log of the Worker names it: npx wrangler tail -c src/pay/wrangler.toml`
}

function explain({ code, options }: Problem<string>): string {
  const { settings, reason = '', rid } = options.log ?? {}
  const request = rid ? ` Its Request-ID is ${rid}.` : ''
  const fault = FAULTS[/^a response is not WeChat Pay's: (\w+)$/.exec(reason)?.[1] ?? '']
  if (fault) return `${fault}${request}`
  if (settings)
    return `WeChat Pay refuses the request (${reason}): ${settings.join('; ')}.${request}`
  if (code === 'invalid_request') {
    return `WeChat Pay refuses the request (${reason}). The likely cause is that WECHAT_PAY_PUBLIC_KEY_ID does not belong to this merchant.${request}`
  }
  if (code === 'pay_timeout') return 'WeChat Pay did not answer within five seconds.'
  return `WeChat Pay gave no answer that can be used: ${reason || code}.${request}`
}
