/**
 * The sequence diagram of one step: three parties, and messages in the order in which they occur. The
 * first party is the mini program, the developer's backend, both, or a gateway in front of the backend.
 */

import { el, fieldList } from './dom.js'
import { texts } from './language.js'
import { formatTime } from './time.js'

/** Between two messages, so that the eye can follow. */
const PACE_MILLISECONDS = 110

/**
 * Creates a diagram that is empty except for its title.
 *
 * @param {string} title
 * @param {{ first?: 'phone' | 'backend' | 'both' | 'gateway', isPayment?: boolean }} step Who is at the first
 *   lifeline; and whether the others are the payments Worker and WeChat Pay
 * @param {number} now The time of the sandbox's clock, in Unix seconds
 */
export function createDiagram(title, { first = 'phone', isPayment = false }, now) {
  const messages = el('ol.messages')
  const { payments: worker, weChatPay: wechat } = texts.parties
  const names = isPayment ? { ...texts.parties, worker, wechat } : texts.parties
  const heads = [first, 'worker', 'wechat'].map((party) =>
    el('span', { 'data-party': party }, names[party]),
  )
  const element = el(
    'article.diagram',
    {},
    el('header', {}, el('h2', {}, title), el('time', {}, formatTime(now))),
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
    /** Adds an arrow from one party to another, and what it carries. */
    message({ from, to, isResponse = false, isError = false, label, fields = [], picture }) {
      const kind = `li.message${isResponse ? '.response' : ''}${isError ? '.failed' : ''}`
      const direction = texts.arrow(names[from], names[to])
      const hidden = el('span.visually-hidden', {}, direction)
      const arrow = el('p.arrow', {}, hidden, el('span.label', {}, ...breakable(label)))
      const item = el(kind, { 'data-from': from, 'data-to': to }, arrow)
      if (fields.length > 0) item.append(fieldList(fields))
      if (picture) item.append(el('img.picture', { src: picture, alt: texts.picture }))
      add(item)
    },
    /** Adds something that happens at one party, or at `all`. */
    note(party, text) {
      add(el('li.note', { 'data-at': party }, el('p', {}, text)))
    },
    /**
     * Waits until every message is visible, and adds what they mean. After that, nothing is animated
     * again.
     */
    async finish(meaning) {
      const animations = element.getAnimations({ subtree: true })
      await Promise.allSettled(animations.map(({ finished }) => finished))
      element.classList.add('drawn')
      element.append(el('footer.meaning', {}, meaning))
    },
  }
}

/** Lets a path break after a slash. */
function breakable(label) {
  return label.split(/(?<=\w\/)/).flatMap((part) => [el('wbr'), part])
}
