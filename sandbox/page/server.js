/** The server's side, as the sandbox reports it: the Worker, WeChat, KV and the clock. */

import { isServerOnly } from './dom.js'
import { parseJson, toFields } from './json.js'

const POLL_MILLISECONDS = 100
/** A number after all entries. */
const LAST = Number.MAX_SAFE_INTEGER

let diagram
let lastSeen = 0

/** What must stay between the Worker and WeChat: the latest value of each name. */
export const secrets = new Map()
/** All such values, including earlier ones. */
const allSecrets = new Set()

/** How many of them are in this text. */
export const countLeaks = (text) => [...allSecrets].filter((value) => text.includes(value)).length

/** Draws the entries from now on in this diagram. */
export async function recordIn(nextDiagram) {
  diagram = nextDiagram
  lastSeen = (await getJson(`watch?after=${LAST}`)).last
}

/** Collects the secrets of earlier entries. */
export async function readHistory() {
  for (const entry of (await getJson('watch?after=0')).entries) collectSecrets(entry)
}

/** The sandbox's clock: `{ now, skipped }`, in seconds. */
export const readClock = () => getJson(`watch?after=${LAST}`)
export const readKV = () => getJson('kv')

/** Draws what the server does until this promise settles. */
export async function recordDuring(work) {
  let isDone = false
  const done = () => {
    isDone = true
  }
  const settled = work.then(done, done)
  while (!isDone) {
    await drawNewEntries()
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))])
  }
  await drawNewEntries()
  return work
}

async function drawNewEntries() {
  const { entries } = await getJson(`watch?after=${lastSeen}`)
  for (const entry of entries) {
    lastSeen = entry.seq
    collectSecrets(entry)
    draw(entry)
  }
}

function collectSecrets({ kind, query = {}, body = '' }) {
  if (kind !== 'request' && kind !== 'response') return
  const fields = [...Object.entries(query), ...Object.entries(parseJson(body) ?? {})]
  for (const [name, value] of fields) {
    if (!isServerOnly(name) || typeof value !== 'string' || value === '') continue
    secrets.set(name, value)
    allSecrets.add(value)
  }
}

function draw(entry) {
  if (entry.kind === 'kv') {
    diagram.note('worker', `KV ${entry.operation} ${shortKey(entry.key)}`)
    return
  }
  if (entry.kind === 'call') {
    diagram.note('worker', entry.name)
    return
  }
  if (entry.kind === 'hook') {
    diagram.note('worker', `HOOKS.${entry.name} ${entry.answer}`)
    return
  }
  const other = entry.by === 'worker' ? 'wechat' : 'worker'
  const body = parseJson(entry.body)
  if (entry.kind === 'request') {
    const fields = [...toFields(entry.query), ...toFields(body)]
    diagram.message({ from: entry.by, to: other, label: `${entry.method} ${entry.path}`, fields })
    return
  }
  const { errcode } = body ?? {}
  const label = errcode ? `${entry.status} errcode ${errcode}` : String(entry.status)
  const isError = entry.status >= 400 || Boolean(errcode)
  const response = { isResponse: true, isError, label, fields: toFields(body) }
  diagram.message({ from: other, to: entry.by, ...response })
}

async function getJson(path) {
  return (await fetch(`/sandbox/${path}`)).json()
}

/** A key of KV with its userId and its session id shortened. */
export function shortKey(key) {
  return key.replaceAll(/[\w-]{22,}/g, (id) => `${id.slice(0, 6)}…`)
}
