/** The panels that show what the phone, the server and KV have. */

import { el, fieldList } from './dom.js'
import { texts } from './language.js'
import { shortKey } from './server.js'
import { formatDuration, formatTime } from './time.js'

const NAMES = { secret: 'AppSecret' }

export function drawPhone(target, { token, userId, expiresAt }) {
  const fields = Object.entries({ token, userId, expiresAt }).filter(([, value]) => value)
  target.replaceChildren(fields.length > 0 ? fieldList(fields) : remark(texts.nothing))
}

/**
 * @param {Element} target
 * @param {Map<string, string>} secrets The latest value of each name
 * @param {{ leaks: number, responses: number }} counts How many of all values so far are in the
 *   responses that the phone received, and how many responses these are
 */
export function drawServer(target, secrets, { leaks, responses }) {
  if (secrets.size === 0) {
    target.replaceChildren(remark(texts.onlyAppSecret))
    return
  }
  const rows = [...secrets].map(([name, value]) => {
    const shown = value.length > 48 ? `${value.slice(0, 40)}…` : value
    const field = el('dd', {}, el('span.server-only', {}, shown))
    return el('div', {}, el('dt', {}, NAMES[name] ?? name), field)
  })
  const verdict =
    leaks === 0
      ? el('p.remark', {}, texts.noLeaks(responses))
      : el('p.remark.error', {}, texts.leaks(leaks))
  target.replaceChildren(el('dl.fields', {}, ...rows), verdict)
}

/**
 * @param {Element} target
 * @param {{ count: number, records: object[] }} kv What `/sandbox/kv` answers
 * @param {{ now: number, hasPressed: boolean }} state The time of the sandbox's clock, in Unix
 *   seconds, and whether this page has had a button pressed
 */
export function drawKV(target, { count, records }, { now, hasPressed }) {
  if (count === 0) {
    target.replaceChildren(remark(texts.nothing))
    return
  }
  const items = records.map(({ name, metadata, size, beginning }) => {
    const bytes = `${beginning.replaceAll(/../g, '$& ')}… `
    const value = el('p.encrypted', {}, bytes, el('i', {}, texts.bytes(size)))
    return el('li', {}, el('p.key', {}, shortKey(name)), value, ...lifetime(metadata, now))
  })
  const hidden = count - records.length
  target.replaceChildren(
    ...(hasPressed ? [] : [remark(texts.recordsBefore)]),
    el('ol.records', {}, ...items),
    ...(hidden > 0 ? [remark(texts.more(hidden))] : []),
  )
}

export function drawClock(target, { now, skipped }) {
  const time = el('time', {}, formatTime(now))
  target.replaceChildren(texts.clock, time, skipped > 0 ? texts.ahead(formatDuration(skipped)) : '')
}

const remark = (text) => el('p.remark', {}, text)

function lifetime(metadata, now) {
  const { createdAt, expiresAt } = metadata ?? {}
  if (createdAt === undefined) return []
  const end = expiresAt <= now ? texts.expired : texts.expires(formatTime(expiresAt))
  const created = el('span', {}, texts.created(formatTime(createdAt)))
  return [el('p.times', {}, created, ' ', el('span', {}, end))]
}
