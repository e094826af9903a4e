/**
 * Message push: verifies what WeChat sends, ends sessions if it says so, passes the message to the
 * Queue and to the hook, and gives the reply.
 */

import { EVENT_MILLISECONDS, enqueue } from '../core/hook-calls'
import { eventRefused, invalidRequest, Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { randomBytes, sha256 } from '../lib/crypto'
import { isObject, parseJson } from '../lib/encoding'
import { chooseMiniProgram, type PushSettings, requirePush } from './config'
import type { Context } from './context'
import { askEventHook, type HookContext } from './hooks'
import { endAllSessions, toUserId } from './sessions'
import { isPushSignature, openEnvelope, pushSignature, sealEnvelope } from './wechat/push'
import { type EventFields, toDefaultReply } from './wechat/push-reply'

/** The query of a push. */
export type PushQuery = Readonly<Record<string, string | undefined>>

/** A request of WeChat's to the push URL. */
export interface PushRequest {
  /** Of the path; `null` if it names none, and then there must be only one mini program. */
  readonly appid: string | null
  readonly query: PushQuery
}

/** What a push needs. */
export type PushContext = Context & HookContext

/** WeChat tries three times within seconds, so an older message is a recording, in seconds. */
const OLDEST_SECONDS = 600
/** How far WeChat's clock may be ahead of ours, in seconds. */
const CLOCK_SKEW_SECONDS = 60

/** The user has withdrawn a permission, or has closed the account. */
const ENDS_SESSIONS = new Set<unknown>([
  'user_authorization_revoke',
  'user_authorization_cancellation',
])

/**
 * The URL check that WeChat makes when message push is set up.
 *
 * @returns the exact text to answer
 * @throws {Problem} `not_found` without settings for message push, `appid_required`,
 * `appid_unknown`, `event_refused`
 */
export async function checkPushUrl(
  { config, runtime }: Context,
  { appid, query }: PushRequest,
): Promise<string> {
  const { token } = requirePush(config)
  chooseMiniProgram(config, appid)
  const { signature = '', timestamp = '', nonce = '', echostr = '' } = query
  if (!(await isPushSignature([token, timestamp, nonce], signature)))
    throw eventRefused('signature')
  if (!isFresh(timestamp, runtime.now())) throw eventRefused('timestamp')
  return echostr
}

/**
 * Takes one push: verifies it, ends sessions if it says so, hands it to the Queue, and asks the
 * hook for a reply.
 *
 * @param body JSON
 * @returns the exact text to answer
 * @throws {Problem} `not_found`, `appid_required`, `appid_unknown`, `invalid_request`,
 * `event_refused`, `store_unavailable`, `hook_unavailable`; WeChat repeats whatever is not answered
 * with success
 */
export async function receivePush(
  context: PushContext,
  { appid, query, body }: PushRequest & { body: string },
): Promise<string> {
  const { config, runtime } = context
  const push = requirePush(config)
  const miniProgram = chooseMiniProgram(config, appid)
  const { text, event, isSafe } = await openEvent(push, {
    appid: miniProgram.appid,
    query,
    body,
    now: runtime.now(),
  })
  if (ENDS_SESSIONS.has(event.Event)) await endSessions(context, miniProgram.appid, event)
  const message = { key: await sha256(text), appid: miniProgram.appid, event }
  const signal = runtime.deadline(EVENT_MILLISECONDS)
  if (config.events) await enqueue(config.events, message, signal)
  const reply =
    (await askEventHook(context, message, signal)) ?? requireDefaultReply(context, event)
  return isSafe ? sealReply(push, { appid: miniProgram.appid, reply, runtime }) : toText(reply)
}

function requireDefaultReply({ config, runtime }: PushContext, event: EventFields) {
  const reply = toDefaultReply(event, { isQueued: config.events !== null, now: runtime.now() })
  if (reply !== null) return reply
  const advice =
    'bind HOOKS and answer this event in onEvent, which WeChat repeats until then; for purchases and refunds, a Queue bound as EVENTS is enough'
  const detail = 'Only the developer can answer this message. WeChat sends it again.'
  throw new Problem('hook_unavailable', { detail, log: { settings: [advice] } })
}

function toText(reply: string | object): string {
  return typeof reply === 'string' ? reply : JSON.stringify(reply)
}

/** In safe mode, whatever is more than a receipt is encrypted and signed. */
async function sealReply(
  { token, aesKey }: PushSettings,
  { appid, reply, runtime }: { appid: string; reply: string | object; runtime: Runtime },
): Promise<string> {
  const message = toText(reply)
  if (aesKey === null || message === '' || message === 'success') return message
  const timestamp = runtime.now()
  const nonce = randomBytes(8).toHex()
  const random = randomBytes(16)
  const Encrypt = await sealEnvelope(message, { appid, encodingAESKey: aesKey, random })
  const MsgSignature = await pushSignature([token, String(timestamp), nonce, Encrypt])
  return JSON.stringify({ Encrypt, MsgSignature, TimeStamp: timestamp, Nonce: nonce })
}

/** The event in a push that is WeChat's, fresh, and for this mini program; and its exact text. */
async function openEvent(
  { token, aesKey }: PushSettings,
  push: { appid: string; query: PushQuery; body: string; now: number },
): Promise<{ text: string; event: EventFields; isSafe: boolean }> {
  const { signature = '', msg_signature = '', timestamp = '', nonce = '' } = push.query
  const fields = parseFields(push.body)
  const { Encrypt } = fields
  const isSafe = typeof Encrypt === 'string'
  // The plain signature covers no body, so with a key configured only the envelope counts.
  if (aesKey !== null && !isSafe)
    throw eventRefused('plain body, though WECHAT_PUSH_AES_KEY is set')
  const isSigned =
    aesKey !== null && isSafe
      ? await isPushSignature([token, timestamp, nonce, Encrypt], msg_signature)
      : await isPushSignature([token, timestamp, nonce], signature)
  if (!isSigned) throw eventRefused('signature')
  if (!isFresh(timestamp, push.now)) throw eventRefused('timestamp')
  if (aesKey === null && isSafe && msg_signature !== '') {
    throw new Problem('misconfigured', { log: { settings: ['WECHAT_PUSH_AES_KEY is missing'] } })
  }
  if (aesKey === null || !isSafe) {
    return { text: push.body, event: requireAppid(fields, push.appid), isSafe: false }
  }
  const opened = await openEnvelope(Encrypt, aesKey)
  if (!opened) throw eventRefused('envelope does not open under WECHAT_PUSH_AES_KEY')
  if (opened.appid !== push.appid) throw eventRefused('appid')
  const event = requireAppid(parseFields(opened.message), push.appid)
  return { text: opened.message, event, isSafe: true }
}

function requireAppid(event: EventFields, appid: string): EventFields {
  if (event.AppID !== undefined && event.AppID !== appid) throw eventRefused('appid')
  return event
}

function isFresh(timestamp: string, now: number): boolean {
  const age = now - Number(timestamp)
  return /^\d{1,12}$/.test(timestamp) && age <= OLDEST_SECONDS && age >= -CLOCK_SKEW_SECONDS
}

async function endSessions(
  context: Context,
  appid: string,
  { OpenID }: EventFields,
): Promise<void> {
  if (typeof OpenID !== 'string' || OpenID === '') {
    // Another delivery would not bring the OpenID either, so this one counts as received.
    context.runtime.log({
      level: 'warn',
      reason: 'an event that ends sessions came without an OpenID',
    })
    return
  }
  await endAllSessions(context, { userId: await toUserId({ appid, openid: OpenID }) })
}

function parseFields(text: string): EventFields {
  const value = parseJson(text, keepDigits)
  if (isObject(value)) return trimKeys(value)
  throw invalidRequest(
    '',
    'must be a JSON object; choose JSON as data format in the WeChat console',
  )
}

/** A MsgId has 64 bits, a JavaScript number 53: an integer that does not fit stays a text. */
function keepDigits(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  const fits = !Number.isInteger(value) || Number.isSafeInteger(value)
  return fits ? value : (source ?? String(value))
}

/** WeChat's own samples have stray spaces in field names. */
function trimKeys(fields: EventFields): EventFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.trim(), value]))
}
