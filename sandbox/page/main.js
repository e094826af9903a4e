/** The watch page: a button for each step, and a diagram of the requests that it causes. */

import { createDiagram } from './diagram.js'
import { el } from './dom.js'
import { fillTexts, texts } from './language.js'
import { drawClock, drawKV, drawPhone, drawServer } from './panels.js'
import { phone } from './phone.js'
import { countLeaks, readClock, readHistory, readKV, secrets } from './server.js'
import { explainError, GROUPS } from './steps.js'

/** The order in which “Next” offers the steps. */
const TOUR = `login userInfo phoneNumber weRun rotate wait twice second devices
  busy used check pay picture customerMessage keys unanswered buy lost refund forged probe denied
  accessToken gateway revoke withdraw week session logoutAll logout`.split(/\s+/)
const MAX_EARLIER = 12
/** A new diagram is scrolled to the top if it begins further down than this. */
const HIGHEST_PIXELS = 120

const byId = (id) => document.getElementById(id)
const main = document.querySelector('main')
const nextButton = byId('next')
const steps = new Map(GROUPS.flatMap((group) => group.steps).map((step) => [step.id, step]))
const finished = new Set()
const buttons = new Map()

let nextStep = null
/** A step that failed for want of a new login. It is offered again after the login. */
let interrupted = null

fillTexts()
for (const { id, steps } of GROUPS) {
  const items = steps.map((step) => el('li', {}, createButton(step)))
  byId('steps').append(el('h2', {}, texts.groups[id]), el('ul', {}, ...items))
}
for (const [id, title] of Object.entries(texts.panels)) {
  byId('panels').append(el('div.panel', {}, el('h2', {}, title), el('div', { id })))
}
byId('result').append(el('a.to-steps', { href: '#steps' }, texts.allSteps))
nextButton.addEventListener('click', () => nextStep && run(nextStep))
showResult([texts.start], 'login')
drawButtons()
void readHistory().then(refresh)

function createButton({ id, needsLogin }) {
  const { name, hint } = texts.steps[id]
  const notes = [el('span.hint', {}, hint)]
  if (needsLogin) notes.push(el('span.condition', {}, texts.needsLogin))
  const button = el('button', { type: 'button', 'data-step': id }, el('b', {}, name), ' ', ...notes)
  button.addEventListener('click', () => run(id))
  buttons.set(id, button)
  return button
}

/** A button that needs a login says so in place of its hint. */
function drawButtons() {
  for (const [id, button] of buttons) {
    button.classList.toggle('needs-login', Boolean(steps.get(id).needsLogin) && !phone.stored.token)
  }
}

async function run(id) {
  if (main.getAttribute('aria-busy') === 'true') return
  main.setAttribute('aria-busy', 'true')
  const { name } = texts.steps[id]
  showResult([el('b', {}, name), ' ', texts.running], null)
  const { meaning, next } = await runStep(steps.get(id))
  showResult([el('b', {}, name), ' ', meaning], next)
  await refresh().catch(() => undefined)
  main.setAttribute('aria-busy', 'false')
}

async function runStep(step) {
  const text = texts.steps[step.id]
  try {
    const { now } = await readClock()
    const diagram = createDiagram(text.name, step, now)
    show(diagram)
    await phone.drawIn(diagram)
    const result = toResult(step, await step.run(text))
    finished.add(step.id)
    await diagram.finish(result.meaning)
    return result
  } catch (error) {
    console.error(error)
    return { meaning: texts.noResponse, next: step.id }
  }
}

/** What the responses of a step mean, and what to do next. */
function toResult(step, { responses, lead, done, next }) {
  const failed = responses.filter(({ ok }) => !ok)
  if (failed.length === 0) return { meaning: done, next: next ?? findNext(step) }
  if (failed.some(({ body }) => body?.code === 'session_key_stale')) interrupted = step.id
  const isOver = failed.some(({ body }) => body?.action === 'login_again')
  const sentences = new Set([...(lead ? [lead] : []), ...failed.map(explainError)])
  return { meaning: texts.sentences([...sentences]), next: isOver ? 'login' : findNext(step) }
}

function findNext({ id }) {
  if (id === 'login' && interrupted) {
    const again = interrupted
    interrupted = null
    return again
  }
  return TOUR.find((other) => other !== id && !finished.has(other)) ?? null
}

/** The bar below the diagram: what the step means, and what to do next. */
function showResult(children, next) {
  byId('meaning').replaceChildren(...children)
  nextStep = next
  nextButton.setAttribute('aria-disabled', String(!next))
  if (next) nextButton.replaceChildren(texts.next, el('b', {}, texts.steps[next].name))
}

/** Shows a new diagram, and moves the one before it to the earlier ones. */
function show({ element }) {
  const [previous] = byId('diagram').querySelectorAll('.diagram')
  if (previous) byId('earlier').prepend(previous)
  byId('diagram').replaceChildren(element)
  while (byId('earlier').childElementCount > MAX_EARLIER) byId('earlier').lastElementChild.remove()
  const { top } = element.getBoundingClientRect()
  if (top < 0 || top > HIGHEST_PIXELS) byId('now').scrollIntoView()
  // With the bar above the diagram, both. On a phone this element has no box, and nothing happens.
  byId('requests').scrollIntoView()
}

async function refresh() {
  const [clock, kv] = await Promise.all([readClock(), readKV()])
  drawButtons()
  drawPhone(byId('phone'), phone.stored)
  const leaks = countLeaks(phone.received.join('\n'))
  drawServer(byId('server'), secrets, { leaks, responses: phone.received.length })
  const hasPressed = byId('diagram').querySelector('.diagram') !== null
  drawKV(byId('kv'), kv, { now: clock.now, hasPressed })
  drawClock(byId('clock'), clock)
}
