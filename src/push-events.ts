/** Events that WeChat pushes: who sent it, what it says, what follows from it. */

import type { Config } from './config'
import { isObject, parseJson } from './lib/encoding'
import { chooseApp } from './mini-programs'
import { Problem } from './problem'
import type { Deps } from './runtime'
import { endAllSessions, userIdOf } from './sessions'
import { isPushSignature, openEnvelope } from './wechat/push'

/** What WeChat says in the URL of a push. */
export type PushQuery = Readonly<Record<string, string | undefined>>

/** One event, as it goes to the Queue. */
export interface EventMessage {
  /** The same for every delivery of an event: what a consumer de-duplicates by. */
  readonly key: string
  readonly appid: string
  /** WeChat's fields, their names trimmed. */
  readonly event: Readonly<Record<string, unknown>>
}

/** WeChat tries three times within seconds; what is older has been recorded by somebody. */
const OLDEST_SECONDS = 600
/** How far WeChat's clock may be ahead of ours. */
const CLOCK_SKEW_SECONDS = 60

/** The user has withdrawn what they allowed, or is no longer a user at all. */
const ENDS_SESSIONS = new Set(['user_authorization_revoke', 'user_authorization_cancellation'])

/**
 * The URL check that WeChat makes when message push is set up.
 *
 * @returns what to answer, to the letter
 * @throws {Problem} `not_found` without settings for message push, `appid_required`,
 * `appid_unknown`, `event_refused`
 */
export async function answerUrlCheck(
  config: Config,
  { appid, query }: { appid: string | undefined; query: PushQuery },
): Promise<string> {
  const { token } = pushOf(config)
  chooseApp(config, { appid })
  const { signature = '', timestamp = '', nonce = '', echostr = '' } = query
  if (!(await isPushSignature([token, timestamp, nonce], signature))) throw refused('signature')
  return echostr
}

/**
 * Takes one push: verifies it, ends sessions if it says so, and hands it to the Queue.
 *
 * @throws {Problem} `not_found`, `appid_required`, `appid_unknown`, `invalid_request`,
 * `event_refused`, `store_unavailable`; for anything but success WeChat sends the event again
 */
export async function receiveEvent(
  deps: Deps,
  config: Config,
  push: { appid: string | undefined; query: PushQuery; body: string },
): Promise<void> {
  pushOf(config)
  const { appid } = chooseApp(config, { appid: push.appid })
  const fields = trimKeys(jsonOf(push.body))
  const event = await openEvent(config, { appid, query: push.query, fields, now: deps.now() })
  if (typeof event.Event === 'string' && ENDS_SESSIONS.has(event.Event)) {
    await endSessionsOf(deps, config, appid, event)
  }
  if (config.events) await send(config.events, { key: keyOf(appid, event), appid, event })
}

/** The event in a push that is WeChat's, fresh, and for this mini program. */
async function openEvent(
  config: Config,
  push: {
    appid: string
    query: PushQuery
    fields: Record<string, unknown>
    now: number
  },
): Promise<Record<string, unknown>> {
  const { token, aesKey } = pushOf(config)
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
  if (aesKey === null || !isSafe) return forApp(push.fields, push.appid)
  const opened = await openEnvelope(Encrypt, aesKey)
  if (!opened) throw refused('envelope does not open under WECHAT_PUSH_AES_KEY')
  if (opened.appid !== push.appid) throw refused('appid')
  return forApp(trimKeys(jsonOf(opened.message)), push.appid)
}

function forApp(event: Record<string, unknown>, appid: string): Record<string, unknown> {
  if (event.AppID !== undefined && event.AppID !== appid) throw refused('appid')
  return event
}

function isFresh(timestamp: string, now: number): boolean {
  const age = now - Number(timestamp)
  return /^\d{1,12}$/.test(timestamp) && age <= OLDEST_SECONDS && age >= -CLOCK_SKEW_SECONDS
}

async function endSessionsOf(
  deps: Deps,
  config: Config,
  appid: string,
  { OpenID }: Record<string, unknown>,
): Promise<void> {
  if (typeof OpenID !== 'string' || OpenID === '') {
    // Sending it again would not bring the OpenID, so this counts as received.
    deps.log({ level: 'warn', reason: 'an event that ends sessions came without an OpenID' })
    return
  }
  await endAllSessions(config, { userId: await userIdOf({ appid, openid: OpenID }) })
}

async function send(queue: Queue, message: EventMessage): Promise<void> {
  try {
    await queue.send(message)
  } catch {
    throw new Problem('store_unavailable', { log: { reason: 'the Queue EVENTS took no event' } })
  }
}

/**
 * WeChat says to de-duplicate messages by MsgId, and events by sender, time and kind. All of these
 * together do for both.
 */
function keyOf(appid: string, event: Record<string, unknown>): string {
  const { MsgId, FromUserName, CreateTime, Event, OpenID } = event
  const parts = [MsgId, FromUserName, CreateTime, Event, OpenID]
  return [appid, ...parts.map((part) => String(part ?? ''))].join(':')
}

function jsonOf(text: string): Record<string, unknown> {
  const value = parseJson(text, keepDigits)
  if (isObject(value)) return value
  const message = 'must be a JSON object; choose JSON as data format in the WeChat console'
  throw new Problem('invalid_request', { errors: [{ path: '', message }] })
}

/** A MsgId has 64 bits, a number in JavaScript 53: what does not fit stays the text it was. */
function keepDigits(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  const fits = !Number.isInteger(value) || Number.isSafeInteger(value)
  return fits ? value : (source ?? String(value))
}

/** WeChat's own samples have stray spaces in field names. */
function trimKeys(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.trim(), value]))
}

function pushOf({ push }: Config): NonNullable<Config['push']> {
  if (!push) throw new Problem('not_found')
  return push
}

function refused(what: string): Problem {
  return new Problem('event_refused', { log: { reason: `refused: ${what}` } })
}
