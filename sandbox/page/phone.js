/** The phone: what it stores, and its requests, which are drawn as they happen. */

import { parseJson, toFields } from './json.js'
import { texts } from './language.js'
import { recordDuring, recordIn } from './server.js'
import { formatDuration, formatTime } from './time.js'

const SHOWN_HEADERS = ['Retry-After', 'WWW-Authenticate']
const STORAGE_KEY = 'code2session'

let diagram

/** What a mini program keeps in its storage. */
const stored = parseJson(sessionStorage.getItem(STORAGE_KEY) ?? '{}')

/** All responses that the phone received from WeChat and from the Worker, as text. */
const received = []

export const phone = {
  stored,
  received,

  /** Draws what follows in this diagram. */
  async drawIn(nextDiagram) {
    diagram = nextDiagram
    await recordIn(nextDiagram)
  },

  draw: (message) => diagram.message(message),
  note: (party, text) => diagram.note(party, text),

  /** Calls an API of the phone, such as `wx.login`. What WeChat does meanwhile is drawn as well. */
  async wx(api, options = {}, { shown = {} } = {}) {
    const label = `${api}()`
    diagram.message({ from: 'phone', to: 'wechat', label, fields: toFields(shown) })
    const { text, body } = await recordDuring(post(`/sandbox/${api}`, options))
    received.push(text)
    const { errMsg, notice, ...rest } = body
    const isError = !errMsg?.endsWith(':ok')
    const fields = toFields(rest)
    diagram.message({
      from: 'wechat',
      to: 'phone',
      isResponse: true,
      isError,
      label: errMsg,
      fields,
    })
    return body
  },

  /** Changes the sandbox. This is no message between the three parties. */
  sandbox: (path, body) => recordDuring(post(`/sandbox/${path}`, body)),

  /** Makes WeChat push a message: what it reads in the Worker's reply. */
  async push(path, body) {
    const response = await phone.sandbox(path, body)
    diagram.note('wechat', texts.reads(response.text))
    return response
  },

  /** Sets the clock forward. */
  async skip(seconds) {
    const { now } = (await phone.sandbox('clock', { skip: seconds })).body
    phone.note('all', texts.clockSet(formatDuration(seconds), formatTime(now)))
  },

  /** Sends requests to the Worker at the same time: `['GET', '/session', { token, body }]`. */
  async send(...requests) {
    for (const request of requests) drawRequest(request)
    const responses = await recordDuring(Promise.all(requests.map(sendRequest)))
    for (const response of responses) drawResponse(response)
    if (responses.some(({ body }) => body?.code === 'session_invalid')) phone.clear()
    return responses
  },

  /** Sends one request, with the token if there is one. */
  async request(method, path, body) {
    const [response] = await phone.send([method, path, { body, token: stored.token }])
    return response
  },

  /** POST /login. The token goes along, so that the new session replaces its session. */
  async login(code) {
    const response = await phone.request('POST', '/login', { code })
    if (response.ok) phone.store(response.body)
    return response
  },

  store({ token, userId, expiresAt }) {
    Object.assign(stored, { token, userId, expiresAt })
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(stored))
  },

  clear: () => phone.store({}),
}

function drawRequest([method, path, { token, body }]) {
  const credentials = token ? [['Authorization', `Bearer ${token}`]] : []
  const fields = [...credentials, ...toFields(body)]
  diagram.message({ from: 'phone', to: 'worker', label: `${method} ${path}`, fields })
}

function drawResponse({ status, ok, body, headers }) {
  const fields = [...headers, ...toFields(body)]
  const label = ok ? String(status) : `${status} ${body?.code ?? ''}`
  diagram.message({ from: 'worker', to: 'phone', isResponse: true, isError: !ok, label, fields })
}

async function sendRequest([method, path, { token, body }]) {
  const response = await fetch(path, {
    method,
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  received.push(`${[...response.headers].join('\n')}\n${text}`)
  const { status, ok } = response
  const headers = SHOWN_HEADERS.map((name) => [name, response.headers.get(name)])
  const shown = headers.filter(([, value]) => value !== null)
  return { status, ok, body: parseJson(text), headers: shown }
}

async function post(path, body) {
  const response = await fetch(path, { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  return { ok: response.ok, text, body: parseJson(text) }
}
