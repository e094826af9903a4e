/** The server's side, as the sandbox tells it: what the Worker and WeChat say to each other, and KV. */

import { fieldsOf, parsed } from './diagram.js'
import { isServerOnly } from './dom.js'

const POLL_MILLISECONDS = 100
/** After all entries there can be. */
const LAST = Number.MAX_SAFE_INTEGER

let scene
let lastSeen = 0

/** What must stay between the Worker and WeChat: the latest value of each name. */
export const kept = new Map()
/** All such values, earlier ones too. */
const everKept = new Set()

/** How many of them are in this text. */
export const leaksIn = (text) => [...everKept].filter((value) => text.includes(value)).length

/** Begins a scene; what the server did before is not part of it. */
export async function watchFor(newScene) {
  scene = newScene
  lastSeen = (await getJson(`watch?after=${LAST}`)).last
}

/** Learns what was said before this page was opened. */
export async function recall() {
  for (const entry of (await getJson('watch?after=0')).entries) learn(entry)
}

export const timeNow = () => getJson(`watch?after=${LAST}`)
export const kvNow = () => getJson('kv')

/** Draws what the server does while this is under way, and what it did until it was done. */
export async function watching(work) {
  let isDone = false
  const done = () => {
    isDone = true
  }
  const settled = work.then(done, done)
  while (!isDone) {
    await catchUp()
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))])
  }
  await catchUp()
  return work
}

async function catchUp() {
  const { entries } = await getJson(`watch?after=${lastSeen}`)
  for (const entry of entries) {
    lastSeen = entry.seq
    learn(entry)
    draw(entry)
  }
}

function learn({ kind, query = {}, body = '' }) {
  if (kind === 'kv') return
  for (const [name, value] of [...Object.entries(query), ...Object.entries(Object(parsed(body)))]) {
    if (!isServerOnly(name) || typeof value !== 'string' || value === '') continue
    kept.set(name, value)
    everKept.add(value)
  }
}

function draw(entry) {
  if (entry.kind === 'kv') {
    scene.note('worker', `KV ${entry.operation} ${shortKey(entry.key)}`)
    return
  }
  const other = entry.by === 'worker' ? 'wechat' : 'worker'
  const body = parsed(entry.body)
  if (entry.kind === 'request') {
    const fields = [...fieldsOf(entry.query), ...fieldsOf(body)]
    scene.message({ from: entry.by, to: other, label: `${entry.method} ${entry.path}`, fields })
    return
  }
  const { errcode } = Object(body)
  const label = errcode ? `${entry.status} errcode ${errcode}` : String(entry.status)
  const isRefused = entry.status >= 400 || Boolean(errcode)
  const answer = { isAnswer: true, isRefused, label, fields: fieldsOf(body) }
  scene.message({ from: other, to: entry.by, ...answer })
}

async function getJson(path) {
  return (await fetch(`/sandbox/${path}`)).json()
}

/** A key of KV with its hashes cut short. */
export function shortKey(key) {
  return key.replaceAll(/[\w-]{43}/g, (hash) => `${hash.slice(0, 6)}…`)
}
