/** Creates elements from text. The page never parses a text as HTML. */

import { texts } from './language.js'

/**
 * @param {string} name Tag and classes, such as `p.label.error`
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

/** Values with more characters are shortened, and shown in full on request. */
const LONG = 64

/** Names of values that must not reach the phone. */
const SERVER_ONLY = new Set([
  'secret',
  'session_key',
  'openid',
  'payer',
  'unionid',
  'access_token',
  'service key',
  'X-Service-Key',
  'X-Openid',
  'X-Unionid',
])

export const isServerOnly = (name) => SERVER_ONLY.has(name)

/** Names and values, one per line. */
export function fieldList(fields) {
  const rows = fields.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, valueElement(name, value))),
  )
  return el('dl.fields', {}, ...rows)
}

function valueElement(name, value) {
  const kind = isServerOnly(name) ? 'span.server-only' : isToken(name) ? 'span.token' : 'span'
  if (value.length <= LONG || name === 'detail') return el(kind, {}, value)
  const ends = el(kind, {}, `${value.slice(0, 24)}…${value.slice(-8)}`)
  const size = el('i', {}, texts.characters(value.length))
  return el('details', {}, el('summary', {}, ends, ' ', size), el(kind, {}, value))
}

const isToken = (name) => ['token', 'accessToken', 'Authorization'].includes(name)
