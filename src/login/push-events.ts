/**
 * Message push: verifies what WeChat sends, ends sessions if it says so, passes the message to the
 * Queue and to the hook, and gives the reply.
 */

import { EVENT_MILLISECONDS, enqueue } from '../core/hook-calls'
import { eventRefused, invalidRequest, Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { endpointOff, misconfigured, requireValue } from '../core/settings'
import { randomBytes, sha256 } from '../lib/crypto'
import { isObject, parseJson, parseLenientJson } from '../lib/encoding'
import type { Context } from './context'
import { askEventHook } from './hooks'
import { chooseFromSettings, findByHook, type LookupContext } from './mini-program-lookup'
import type { MiniProgram, PushKeys } from './mini-programs'
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

/** WeChat tries three times within seconds, so an older request is a recording, in seconds. */
const OLDEST_SECONDS = 600
/** How far WeChat's clock may be ahead of ours, in seconds. */
const CLOCK_SKEW_SECONDS = 60

/**
 * The user has withdrawn a permission, or has closed the account. Their own time counts as well: the
 * parts of a signature are sorted, so a recording has the same one if timestamp and nonce are swapped.
 * It counts for no other message, since WeChat repeats some of them for long.
 */
const ENDS_SESSIONS = new Set<unknown>([
  'user_authorization_revoke',
  'user_authorization_cancellation',
])

/** The push endpoint that a path names. */
interface PushEndpoint {
  readonly keys: PushKeys
  /** The mini program that the hook knows; `null` where it has to be one in the settings. */
  readonly found: MiniProgram | null
  /** The Queue that takes messages; `null` for none. */
  readonly events: Queue | null
}

/**
 * The push endpoint of this appid. A mini program that the hook knows has keys of its own, or none.
 *
 * @param beforeAsking Runs before the hook is asked about an appid that it has not found before
 * @throws {Problem} `not_found` for none, `hook_unavailable`, `misconfigured`
 */
export async function findPushEndpoint(
  context: LookupContext,
  appid: string | null,
  beforeAsking?: () => Promise<void>,
): Promise<PushEndpoint> {
  const { keys, events } = requireValue(context.config.push)
  const found = appid === null ? null : await findByHook(context, appid, { beforeAsking })
  const own = found ? found.push : keys
  if (own) return { keys: own, found, events }
  if (found) throw new Problem('not_found', { log: { reason: 'findMiniProgram gave no push' } })
  throw endpointOff('WECHAT_PUSH_TOKEN', new Problem('not_found'))
}

/**
 * The URL check that WeChat makes when message push is set up.
 *
 * @returns the exact text to answer
 * @throws {Problem} what the OpenAPI document lists for `GET /wechat/events`
 */
export async function checkPushUrl(
  context: LookupContext,
  { appid, query }: PushRequest,
): Promise<string> {
  const { keys, found } = await findPushEndpoint(context, appid)
  if (!found) await chooseFromSettings(context, appid)
  const { signature, timestamp, nonce, echostr } = fillQuery(query)
  const now = context.runtime.now()
  await checkSignature([keys.token, timestamp, nonce], { signature, timestamp, now })
  return echostr
}

/**
 * Takes one push: verifies it, ends sessions if it says so, hands it to the Queue, and asks the
 * hook for a reply.
 *
 * @param body JSON
 * @returns the exact text to answer
 * @throws {Problem} what the OpenAPI document lists for `POST /wechat/events`
 */
export async function receivePush(
  context: LookupContext,
  { appid: named, query, body }: PushRequest & { body: string },
): Promise<string> {
  const { runtime } = context
  const { keys, found, events } = await findPushEndpoint(context, named)
  const { appid } = found ?? (await chooseFromSettings(context, named))
  const { text, event, isSafe } = await openPush(keys, { appid, query, body, now: runtime.now() })
  if (ENDS_SESSIONS.has(event.Event)) await endSessions(context, appid, event)
  const message = { key: await sha256(text), appid, event }
  const signal = runtime.deadline(EVENT_MILLISECONDS)
  if (events) await enqueue(events, message, signal)
  const reply =
    (await askEventHook(context, message, signal)) ??
    requireDefaultReply(event, { isQueued: events !== null, now: runtime.now() })
  return isSafe ? sealReply(keys, { appid, reply, runtime }) : toText(reply)
}

function requireDefaultReply(event: EventFields, options: Parameters<typeof toDefaultReply>[1]) {
  const reply = toDefaultReply(event, options)
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
  { token, aesKey }: PushKeys,
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

/** A push as it arrived, and Unix seconds. */
interface SentPush {
  readonly appid: string
  readonly query: PushQuery
  readonly body: string
  readonly now: number
}

/** The event in a push that is WeChat's, and for this mini program; and its exact text. */
interface OpenedPush {
  readonly text: string
  readonly event: EventFields
  readonly isSafe: boolean
}

/** Anybody can send a push, and reading one costs time: nothing of a message is read before its signature. */
async function openPush({ token, aesKey }: PushKeys, push: SentPush): Promise<OpenedPush> {
  const opened = await (aesKey === null ? openPlain(token, push) : openSafe(token, aesKey, push))
  const { event } = opened
  if (event.AppID !== undefined && event.AppID !== push.appid) throw eventRefused('appid')
  if (ENDS_SESSIONS.has(event.Event) && !isFresh(event.CreateTime, push.now)) {
    throw eventRefused('CreateTime')
  }
  return opened
}

async function openPlain(token: string, { query, body, now }: SentPush): Promise<OpenedPush> {
  const { signature, msg_signature, timestamp, nonce } = fillQuery(query)
  await checkSignature([token, timestamp, nonce], { signature, timestamp, now })
  const event = parseFields(body)
  if (typeof event.Encrypt === 'string' && msg_signature !== '') {
    throw misconfigured(['WECHAT_PUSH_AES_KEY, or aesKey of the hook, is missing'])
  }
  return { text: body, event, isSafe: false }
}

async function openSafe(
  token: string,
  aesKey: string,
  { appid, query, body, now }: SentPush,
): Promise<OpenedPush> {
  const { msg_signature: signature, timestamp, nonce } = fillQuery(query)
  const envelope = parseJson(body)
  if (!isObject(envelope)) throw notJson(body)
  const { Encrypt } = envelope
  // The plain signature covers no body, so with a key configured only the envelope counts.
  if (typeof Encrypt !== 'string') {
    throw eventRefused('plain body, though there is an EncodingAESKey')
  }
  await checkSignature([token, timestamp, nonce, Encrypt], { signature, timestamp, now })
  const opened = await openEnvelope(Encrypt, aesKey)
  if (!opened) throw eventRefused('envelope does not open under the EncodingAESKey')
  if (opened.appid !== appid) throw eventRefused('appid')
  return { text: opened.message, event: parseFields(opened.message), isSafe: true }
}

/** The query, in which what is absent is empty. */
function fillQuery(query: PushQuery) {
  const { signature = '', msg_signature = '', timestamp = '', nonce = '', echostr = '' } = query
  return { signature, msg_signature, timestamp, nonce, echostr }
}

/** @throws {Problem} `event_refused` unless WeChat has signed these parts, lately */
async function checkSignature(
  parts: readonly string[],
  { signature, timestamp, now }: { signature: string; timestamp: string; now: number },
): Promise<void> {
  if (!(await isPushSignature(parts, signature))) throw eventRefused('signature')
  if (/\D/.test(timestamp) || !isFresh(Number(timestamp), now)) throw eventRefused('timestamp')
}

/** @param time Unix seconds */
function isFresh(time: unknown, now: number): boolean {
  if (typeof time !== 'number') return false
  const age = now - time
  return age <= OLDEST_SECONDS && age >= -CLOCK_SKEW_SECONDS
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
  const value = parseLenientJson(text, keepDigits)
  if (isObject(value)) return trimKeys(value)
  throw notJson(text)
}

/** XML is what the console offers first. */
function notJson(text: string): Problem {
  const what = /^\s*</.test(text) ? 'is XML' : 'is not a JSON object'
  const advice = 'choose JSON as data format (数据格式) of message push in the WeChat console'
  return invalidRequest('', `${what}; ${advice}`)
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
