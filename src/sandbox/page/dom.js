/** Elements from text only: nothing on this page is ever parsed as HTML. */

/**
 * @param {string} name Tag and classes, as `p.label.refused`
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.')
  const element = document.createElement(tag)
  element.classList.add(...classes)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

/** Longer values show their ends, and the whole on request. */
const LONG = 64

/** Names of values that must not reach the phone. */
const SERVER_ONLY = new Set(['secret', 'session_key', 'openid', 'unionid', 'access_token'])

export const isServerOnly = (name) => SERVER_ONLY.has(name)

/** Names and values, one a line; long values open on request. */
export function fieldList(fields) {
  const rows = fields.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, shownValue(name, value))),
  )
  return el('dl.fields', {}, ...rows)
}

function shownValue(name, value) {
  const kind = isServerOnly(name) ? 'span.server-only' : isToken(name) ? 'span.token' : 'span'
  if (value.length <= LONG || name === 'detail') return el(kind, {}, value)
  const ends = el(kind, {}, `${value.slice(0, 24)}…${value.slice(-8)}`)
  const size = el('i', {}, `${value.length.toLocaleString('en')} characters`)
  return el('details', {}, el('summary', {}, ends, ' ', size), el(kind, {}, value))
}

const isToken = (name) => name === 'token' || name === 'Authorization'
