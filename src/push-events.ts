/** Message push: verifies what WeChat sends, ends sessions if it says so, and fills the Queue. */

import { type PushSettings, requirePush } from './config'
import { isObject, parseJson } from './lib/encoding'
import { chooseMiniProgram } from './mini-programs'
import { invalidRequest, Problem } from './problem'
import { endAllSessions, toUserId } from './sessions'
import type { CallContext } from './wechat/api'
import { isPushSignature, openEnvelope } from './wechat/push'

/** The query of a push. */
export type PushQuery = Readonly<Record<string, string | undefined>>

/** A request of WeChat's to the push URL. */
export interface PushRequest {
  /** Of the path; `null` if it names none, and then there must be only one mini program. */
  readonly appid: string | null
  readonly query: PushQuery
}

/** One event, as it goes to the Queue. */
export interface EventMessage {
  /** The same for every delivery of one event, so that a consumer can drop duplicates. */
  readonly key: string
  readonly appid: string
  /** WeChat's fields, their names trimmed. */
  readonly event: EventFields
}

type EventFields = Readonly<Record<string, unknown>>

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
  { config, runtime }: CallContext,
  { appid, query }: PushRequest,
): Promise<string> {
  const { token } = requirePush(config)
  chooseMiniProgram(config, appid)
  const { signature = '', timestamp = '', nonce = '', echostr = '' } = query
  if (!(await isPushSignature([token, timestamp, nonce], signature))) throw refused('signature')
  if (!isFresh(timestamp, runtime.now())) throw refused('timestamp')
  return echostr
}

/**
 * Takes one push: verifies it, ends sessions if it says so, and hands it to the Queue.
 *
 * @param body JSON
 * @throws {Problem} `not_found`, `appid_required`, `appid_unknown`, `invalid_request`,
 * `event_refused`, `store_unavailable`; WeChat repeats whatever is not answered with success
 */
export async function receivePush(
  context: CallContext,
  { appid, query, body }: PushRequest & { body: string },
): Promise<void> {
  const { config, runtime } = context
  const push = requirePush(config)
  const miniProgram = chooseMiniProgram(config, appid)
  const fields = trimKeys(parseFields(body))
  const event = await openEvent(push, {
    appid: miniProgram.appid,
    query,
    fields,
    now: runtime.now(),
  })
  if (ENDS_SESSIONS.has(event.Event)) await endSessions(context, miniProgram.appid, event)
  if (config.events) {
    const key = eventKey(miniProgram.appid, event)
    await enqueue(config.events, { key, appid: miniProgram.appid, event })
  }
}

/** The event in a push that is WeChat's, fresh, and for this mini program. */
async function openEvent(
  { token, aesKey }: PushSettings,
  push: { appid: string; query: PushQuery; fields: EventFields; now: number },
): Promise<EventFields> {
  const { signature = '', msg_signature = '', timestamp = '', nonce = '' } = push.query
  const { Encrypt } = push.fields
  const isSafe = typeof Encrypt === 'string'
  // The plain signature covers no body, so with a key configured only the envelope counts.
  if (aesKey !== null && !isSafe) throw refused('plain body, though WECHAT_PUSH_AES_KEY is set')
  const isSigned =
    aesKey !== null && isSafe
      ? await isPushSignature([token, timestamp, nonce, Encrypt], msg_signature)
      : await isPushSignature([token, timestamp, nonce], signature)
  if (!isSigned) throw refused('signature')
  if (!isFresh(timestamp, push.now)) throw refused('timestamp')
  if (aesKey === null && isSafe && msg_signature !== '') {
    throw new Problem('misconfigured', { log: { settings: ['WECHAT_PUSH_AES_KEY is missing'] } })
  }
  if (aesKey === null || !isSafe) return requireAppid(push.fields, push.appid)
  const opened = await openEnvelope(Encrypt, aesKey)
  if (!opened) throw refused('envelope does not open under WECHAT_PUSH_AES_KEY')
  if (opened.appid !== push.appid) throw refused('appid')
  return requireAppid(trimKeys(parseFields(opened.message)), push.appid)
}

function requireAppid(event: EventFields, appid: string): EventFields {
  if (event.AppID !== undefined && event.AppID !== appid) throw refused('appid')
  return event
}

function isFresh(timestamp: string, now: number): boolean {
  const age = now - Number(timestamp)
  return /^\d{1,12}$/.test(timestamp) && age <= OLDEST_SECONDS && age >= -CLOCK_SKEW_SECONDS
}

async function endSessions(
  { config, runtime }: CallContext,
  appid: string,
  { OpenID }: EventFields,
): Promise<void> {
  if (typeof OpenID !== 'string' || OpenID === '') {
    // Another delivery would not bring the OpenID either, so this one counts as received.
    runtime.log({ level: 'warn', reason: 'an event that ends sessions came without an OpenID' })
    return
  }
  await endAllSessions(config, { userId: await toUserId({ appid, openid: OpenID }) })
}

async function enqueue(queue: Queue, message: EventMessage): Promise<void> {
  try {
    await queue.send(message)
  } catch {
    const reason = 'the Queue EVENTS did not take an event'
    throw new Problem('store_unavailable', { log: { reason } })
  }
}

/**
 * WeChat's advice is to tell messages apart by MsgId, and events by sender, time and kind. All of
 * these together do both.
 */
function eventKey(appid: string, event: EventFields): string {
  const { MsgId, FromUserName, CreateTime, Event, OpenID } = event
  const parts = [MsgId, FromUserName, CreateTime, Event, OpenID]
  return [appid, ...parts.map(toKeyPart)].join(':')
}

/** WeChat sends texts and numbers here; String() of an object could run a method it brings along. */
function toKeyPart(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function parseFields(text: string): EventFields {
  const value = parseJson(text, keepDigits)
  if (isObject(value)) return value
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

function refused(what: string): Problem {
  return new Problem('event_refused', { log: { reason: `refused: ${what}` } })
}
