/** Who holds what: the phone, the server, KV. */

import { el, fieldList } from './dom.js'
import { shortKey } from './server.js'

const NAMES = { secret: 'AppSecret' }

export function drawPhone(target, { token, userId, expiresAt }) {
  const fields = Object.entries({ token, userId, expiresAt }).filter(([, value]) => value)
  target.replaceChildren(fields.length > 0 ? fieldList(fields) : nothing('Nothing yet.'))
}

/** @param leaks How many of these values are in what the phone has heard. */
export function drawServer(target, kept, { leaks, answers }) {
  if (kept.size === 0) {
    target.replaceChildren(nothing('Nothing yet but the AppSecret.'))
    return
  }
  const rows = [...kept].map(([name, value]) => {
    const shown = value.length > 48 ? `${value.slice(0, 40)}…` : value
    const field = el('dd', {}, el('span.server-only', {}, shown))
    return el('div', {}, el('dt', {}, NAMES[name] ?? name), field)
  })
  const verdict =
    leaks === 0
      ? `None of them is in any of the ${answers} answers this phone has got.`
      : `${leaks} of them reached the phone!`
  const isLeak = leaks > 0 ? '.refused' : ''
  target.replaceChildren(el('dl.fields', {}, ...rows), el(`p.verdict${isLeak}`, {}, verdict))
}

export function drawKV(target, { count, records }, now) {
  if (count === 0) {
    target.replaceChildren(nothing('Nothing yet.'))
    return
  }
  const items = records.map(({ name, metadata, size, beginning }) => {
    const { createdAt, expiresAt } = metadata ?? {}
    const isOver = expiresAt !== undefined && expiresAt <= now
    return el(
      'li',
      {},
      el('p.key', {}, shortKey(name)),
      el('p.sealed', {}, beginning.replaceAll(/../g, '$& '), '… ', el('i', {}, `${size} bytes`)),
      ...(createdAt === undefined ? [] : [lifetime(createdAt, expiresAt, isOver)]),
    )
  })
  const more = count - records.length
  target.replaceChildren(
    el('ol.records', {}, ...items),
    ...(more > 0 ? [nothing(`and ${more} more`)] : []),
  )
}

export function drawClock(target, { now, skipped }) {
  const ahead = skipped === 0 ? '' : `, ${durationOf(skipped)} ahead`
  target.replaceChildren('The clock of Worker and WeChat: ', el('span', {}, timeOf(now)), ahead)
}

const nothing = (text) => el('p.nothing', {}, text)

/** UTC, to the second. */
const timeOf = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

function lifetime(createdAt, expiresAt, isOver) {
  const end = isOver ? 'expired, and not cleared away yet' : `until ${timeOf(expiresAt)}`
  return el('p.times', {}, el('span', {}, `from ${timeOf(createdAt)}`), ' ', el('span', {}, end))
}

function durationOf(seconds) {
  const parts = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor((seconds % 86400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ]
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}
