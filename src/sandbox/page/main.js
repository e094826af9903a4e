/** The watch page: buttons on one side, what they cause on the other. */

import { createScene } from './diagram.js'
import { el } from './dom.js'
import { drawClock, drawKV, drawPhone, drawServer } from './panels.js'
import { phone } from './phone.js'
import { kept, kvNow, leaksIn, recall, timeNow } from './server.js'
import { GROUPS, meaningOf } from './steps.js'

/** The order in which a newcomer sees most. */
const TOUR = `login userInfo phoneNumber weRun rotate wait twice second devices
  busy used check withdraw week session logoutAll logout`.split(/\s+/)
const MOST_EARLIER = 12

const at = (id) => document.getElementById(id)
const main = document.querySelector('main')
const pressed = new Set()
/** A press that waits for a new login. */
let unfinished = null

const presses = new Map(GROUPS.flatMap((group) => group.presses).map((press) => [press.id, press]))

for (const { name, presses } of GROUPS) {
  const buttons = presses.map((press) => el('li', {}, buttonOf(press)))
  at('presses').append(el('h2', {}, name), el('ul', {}, ...buttons))
}
void recall().then(refresh)

function buttonOf(press) {
  const label = [el('b', {}, press.name), ' ', el('span', {}, press.hint)]
  const button = el('button', { type: 'button', 'data-press': press.id }, ...label)
  button.addEventListener('click', () => play(press))
  return button
}

async function play(press) {
  if (main.getAttribute('aria-busy') === 'true') return
  main.setAttribute('aria-busy', 'true')
  const scene = createScene(press.name)
  show(scene)
  pressed.add(press.id)
  const { text, next } = await outcomeOf(press, scene)
  scene.finish(text, next && nextButton(next))
  at('meaning').textContent = `${press.name}. ${text}`
  await refresh().catch(() => undefined)
  main.setAttribute('aria-busy', 'false')
}

async function outcomeOf(press, scene) {
  try {
    await phone.begin(scene)
    const { replies, lead = [], good, next } = await press.play()
    const refused = replies.filter(({ ok }) => !ok)
    if (refused.length === 0) return { text: good, next: next ?? nextAfter(press) }
    if (refused.some(({ body }) => body?.code === 'session_key_stale')) unfinished = press.id
    const isOver = refused.some(({ body }) => body?.action === 'login_again')
    const meanings = new Set(refused.map(meaningOf))
    return { text: [...lead, ...meanings].join(' '), next: isOver ? 'login' : nextAfter(press) }
  } catch (error) {
    console.error(error)
    return { text: 'No answer. Is the sandbox still running?', next: press.id }
  }
}

function nextAfter({ id }) {
  if (id === 'login' && unfinished) {
    const again = unfinished
    unfinished = null
    return again
  }
  return TOUR.find((other) => !pressed.has(other)) ?? null
}

function nextButton(id) {
  const press = presses.get(id)
  const button = el('button.next', { type: 'button' }, 'Next: ', el('b', {}, press.name))
  button.addEventListener('click', () => play(press))
  return button
}

/** The newest scene is by itself; the others are below it. */
function show({ element }) {
  const [last] = at('scene').querySelectorAll('.scene')
  if (last) {
    last.querySelector('.next')?.remove()
    at('earlier').prepend(last)
  }
  at('scene').replaceChildren(element)
  while (at('earlier').childElementCount > MOST_EARLIER) at('earlier').lastElementChild.remove()
  const { top, bottom } = element.querySelector('h2').getBoundingClientRect()
  if (top < 0 || bottom > innerHeight - 120) at('now').scrollIntoView()
}

async function refresh() {
  const [time, kv] = await Promise.all([timeNow(), kvNow()])
  drawPhone(at('phone'), phone.held)
  const answers = phone.heard.length
  drawServer(at('server'), kept, { leaks: leaksIn(phone.heard.join('\n')), answers })
  drawKV(at('kv'), kv, time.now)
  drawClock(at('clock'), time)
}
