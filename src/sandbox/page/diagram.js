/** The sequence diagram: one scene a press, three parties, messages in the order they happened. */

import { el, fieldList } from './dom.js'

const PARTIES = { phone: 'Mini program', worker: 'Worker', wechat: 'WeChat' }
const CHINESE = { phone: '小程序', worker: 'code2session', wechat: '微信' }

/** Between one message and the next, so that the eye can follow. */
const PACE_MILLISECONDS = 110

/** A scene, empty but for its title. */
export function createScene(title) {
  const messages = el('ol.messages')
  const heads = Object.entries(PARTIES).map(([party, name]) =>
    el('span', { 'data-party': party }, name, ' ', el('small', {}, CHINESE[party])),
  )
  const time = el('time', {}, new Date().toLocaleTimeString('en-GB'))
  const element = el(
    'article.scene',
    {},
    el('header', {}, el('h2', {}, title), time),
    el('div.parties', { 'aria-hidden': 'true' }, ...heads),
    messages,
  )
  let lastReveal = 0

  function add(item) {
    const now = performance.now()
    lastReveal = Math.max(now, lastReveal + PACE_MILLISECONDS)
    item.style.setProperty('--delay', `${Math.round(lastReveal - now)}ms`)
    messages.append(item)
  }

  return {
    element,
    /** An arrow from one party to another with what it carries. */
    message({ from, to, isAnswer = false, isRefused = false, label, fields = [] }) {
      const kind = `li.message${isAnswer ? '.answer' : ''}${isRefused ? '.refusal' : ''}`
      const way = el('span.visually-hidden', {}, `${PARTIES[from]} to ${PARTIES[to]}: `)
      const arrow = el('p.arrow', {}, way, el('span.label', {}, ...breakable(label)))
      const item = el(kind, { 'data-from': from, 'data-to': to }, arrow)
      if (fields.length > 0) item.append(fieldList(fields))
      add(item)
    },
    /** Something that happens at one party, or, at none, to all. */
    note(party, ...text) {
      add(el('li.note', { 'data-at': party }, el('p', {}, ...text)))
    },
    /** What it means, and what to press next. */
    finish(meaning, next) {
      const toPresses = el('a.to-presses', { href: '#presses' }, 'All buttons')
      element.append(
        el('footer', {}, el('p.meaning', {}, meaning), ...(next ? [next] : []), toPresses),
      )
    },
  }
}

/** A path may break behind a slash. */
function breakable(label) {
  return label.split(/(?<=\w\/)/).flatMap((part) => [el('wbr'), part])
}

/** Names and values of a body or of a query, as they are shown. */
export function fieldsOf(value) {
  if (typeof value === 'string') return value === '' ? [] : [['text', value]]
  return Object.entries(value ?? {}).flatMap(([name, field]) =>
    Array.isArray(field) && field.every((item) => item === Object(item))
      ? field.slice(0, 5).map((item, index) => [`${name}[${index}]`, textOf(item)])
      : [[name, textOf(field)]],
  )
}

function textOf(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The value of a JSON text; the text itself if it is none. */
export function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
