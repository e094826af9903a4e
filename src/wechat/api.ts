/**
 * Calls to WeChat's server API: where they go, how long they may take, what counts as an answer.
 *
 * URLs of these calls carry the AppSecret, an access_token or a code, so neither a URL nor an error
 * that might quote one ever leaves this file.
 */

import type { Config } from '../config'
import { type Api, codeOfErrcode, type ErrorCode } from '../errors'
import { BODY_LIMIT, readAtMost } from '../http/body'
import { isObject, parseJson, textOf } from '../lib/encoding'
import { rejectOn } from '../lib/single-flight'
import { Problem } from '../problem'
import type { Deps } from '../runtime'

/** One call: a POST if it has a body, else a GET. */
export interface ApiCall {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
}

/** WeChat's answer, whatever it says. */
export interface Answer {
  /** The mini program it is about. */
  readonly appid: string
  /** 0 for success; absent means 0. */
  readonly errcode: number
  readonly errmsg: unknown
  readonly fields: Readonly<Record<string, unknown>>
}

/** For one call with its retries, from the first byte sent to the last one read. */
const DEADLINE_MILLISECONDS = 5000

/** How long a host may take to accept a connection while another one is left to try. */
const CONNECT_MILLISECONDS = 1000

/** The one errcode after which WeChat asks for a retry. After any other failure a code may be spent. */
const BUSY = -1
const BUSY_RETRIES = 2
const BACKOFF_MILLISECONDS = 100

/**
 * Makes a call, and up to two more while WeChat says that it is busy.
 *
 * @returns the answer, which may be a refusal: see {@link refusal}
 * @throws {Problem} `wechat_timeout`, `wechat_unavailable`
 */
export async function callWeChat(
  deps: Deps,
  config: Config,
  appid: string,
  call: ApiCall,
): Promise<Answer> {
  const signal = deps.deadline(DEADLINE_MILLISECONDS)
  for (let retry = 0; ; retry++) {
    const answer = await attempt()
    if (answer.errcode !== BUSY || retry === BUSY_RETRIES) return answer
    await deps.sleep(BACKOFF_MILLISECONDS * 2 ** retry * (1 + deps.random()))
  }

  async function attempt(): Promise<Answer> {
    const answer = chooseHost(deps, config)
      .then((base) => deps.fetch(apiRequest(base, call, signal)))
      .then((response) => readAnswer(response, appid))
    try {
      return await Promise.race([answer, rejectOn(signal)])
    } catch (error) {
      if (error instanceof Problem) throw error
      if (signal.aborted) throw new Problem('wechat_timeout')
      // The platform's message may quote the URL.
      throw unusable('the connection failed')
    }
  }
}

/**
 * The first host that accepts a connection; the last one is not asked.
 *
 * A failed fetch does not tell a connection that was never made from one that broke after the code
 * had gone out, and a code must not go out twice. So a host is only passed over before anything
 * has been sent to it.
 */
async function chooseHost(deps: Deps, { apiBases }: Config): Promise<string> {
  const last = apiBases.length - 1
  for (const base of apiBases.slice(0, last)) {
    if (await deps.connects(new URL(base), CONNECT_MILLISECONDS)) return base
  }
  return apiBases[last] ?? ''
}

function apiRequest(base: string, { path, query, body }: ApiCall, signal: AbortSignal): Request {
  return new Request(`${base}${path}?${new URLSearchParams(query)}`, {
    method: body ? 'POST' : 'GET',
    headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal,
  })
}

/**
 * Reads an answer by its body, whatever its content type: WeChat sends JSON as text/plain.
 *
 * @throws {Problem} `wechat_unavailable`
 */
export async function readAnswer(response: Response, appid: string): Promise<Answer> {
  if (response.status >= 500) {
    await response.body?.cancel()
    throw unusable(`HTTP status ${response.status}`)
  }
  const bytes = await readAtMost(response, BODY_LIMIT)
  if (!bytes) {
    await response.body?.cancel().catch(() => undefined)
    throw unusable('the body is too large')
  }
  const fields = parseJson(textOf(bytes) ?? '')
  if (!isObject(fields)) throw unusable('the body is not a JSON object')
  const { errcode = 0, errmsg } = fields
  if (!Number.isSafeInteger(errcode)) throw unusable('errcode is not a whole number')
  if (errcode === 0 && !response.ok) throw unusable(`HTTP status ${response.status}`)
  return { appid, errcode: Number(errcode), errmsg, fields }
}

/** What the operator should look at when WeChat refuses our side of a call. */
const ADVICE_BY_ERRCODE: Readonly<Record<number, string>> = {
  40001: 'WECHAT_APPSECRET is not the secret of this appid',
  40002: 'WECHAT_API_BASE changes the request: grant_type did not reach WeChat',
  40013: 'WECHAT_APPID is not an AppID WeChat knows',
  40125: 'WECHAT_APPSECRET is not the secret of this appid',
  40164:
    'the IP allowlist in the WeChat console refuses us; Workers have no fixed IP, so turn it off',
  40243: 'WECHAT_APPSECRET is frozen; unfreeze it in the WeChat console',
  41002: 'WECHAT_APPID did not reach WeChat',
  41004: 'WECHAT_APPSECRET did not reach WeChat',
  41008: 'WECHAT_API_BASE changes the request: js_code did not reach WeChat',
  50004: 'this appid may not have an access_token; ask WeChat support',
  50007: 'the account of this appid is frozen; see the WeChat console',
  89501: 'a call from our IP waits for an admin of the mini program to confirm it in WeChat',
  89503: 'a call from our IP waits for an admin of the mini program to confirm it in WeChat',
  89506: 'an admin of the mini program refused our IP; WeChat asks again after 24 hours',
  89507: 'an admin of the mini program refused our IP; WeChat asks again after 1 hour',
}

interface RefusalOptions {
  readonly api: Api
  /** Errcodes that mean something else on this API than in the error table. */
  readonly meaning?: Readonly<Record<number, ErrorCode>>
  readonly detail?: string
}

/** The problem that a refusal stands for. errmsg stays here, but for what the log needs of it. */
export function refusal({ appid, errcode, errmsg }: Answer, options: RefusalOptions): Problem {
  const code = options.meaning?.[errcode] ?? codeOfErrcode(errcode, options.api)
  const text = typeof errmsg === 'string' ? errmsg : ''
  const advice = ADVICE_BY_ERRCODE[errcode]
  const ip = errcode === 40164 ? /\bip(?:v6)?:? ([\da-f.:]{3,45})/i.exec(text)?.[1] : undefined
  return new Problem(code, {
    errcode,
    ...(options.detail && { detail: options.detail }),
    log: {
      appid,
      rid: /\brid: ?([\w-]{1,64})/.exec(text)?.[1],
      ...(code === 'misconfigured' && advice && { settings: [advice] }),
      ...(ip && { reason: `WeChat saw the IP ${ip}` }),
    },
  })
}

/** Success on calls that answer with an errcode and nothing else: there, its absence means nothing. */
export function isOk({ fields }: Answer): boolean {
  return fields.errcode === 0
}

/** An answer that lacks what it promises. The reason is for the log and must hold no value. */
export function unusable(reason: string): Problem {
  return new Problem('wechat_unavailable', { log: { reason } })
}
