/** The phone: what it holds, and its conversations, each drawn as it happens. */

import { fieldsOf, parsed } from './diagram.js'
import { watchFor, watching } from './server.js'

const SHOWN_HEADERS = ['Retry-After', 'WWW-Authenticate']
const STORAGE_KEY = 'code2session'

let scene

/** What a mini program keeps in its storage. */
const held = Object(parsed(sessionStorage.getItem(STORAGE_KEY) ?? '{}'))

/** All answers the phone has got, from WeChat and from the Worker, as text. */
const heard = []

export const phone = {
  held,
  heard,

  /** What comes next is drawn here. */
  async begin(newScene) {
    scene = newScene
    await watchFor(newScene)
  },

  note: (party, text) => scene.note(party, text),

  /** Calls an API of the phone: `wx.login`. */
  async wx(api) {
    scene.message({ from: 'phone', to: 'wechat', label: `${api}()` })
    const text = await post(`/sandbox/${api}`, {})
    heard.push(text)
    const answer = parsed(text)
    const { errMsg: label, ...rest } = answer
    const fields = fieldsOf(rest)
    scene.message({ from: 'wechat', to: 'phone', isAnswer: true, label, fields })
    return answer
  },

  /** Tells the sandbox something that is no message between the three. */
  sandbox: (path, body) => watching(post(`/sandbox/${path}`, body)),

  /** Sends requests to the Worker, all at once: `['GET', '/session', { token, body }]`. */
  async send(...requests) {
    for (const request of requests) drawRequest(request)
    const replies = await watching(Promise.all(requests.map(replyTo)))
    for (const reply of replies) drawReply(reply)
    if (replies.some(({ body }) => body?.code === 'session_invalid')) phone.forget()
    return replies
  },

  /** A request with the token, if there is one. */
  async ask(method, path, body) {
    const [reply] = await phone.send([method, path, { body, token: held.token }])
    return reply
  },

  /** POST /login; the token of the session it replaces goes along. */
  async login(code) {
    const reply = await phone.ask('POST', '/login', { code })
    if (reply.ok) phone.keep(reply.body)
    return reply
  },

  keep({ token, userId, expiresAt }) {
    Object.assign(held, { token, userId, expiresAt })
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(held))
  },

  forget: () => phone.keep({}),
}

function drawRequest([method, path, { token, body }]) {
  const credentials = token ? [['Authorization', `Bearer ${token}`]] : []
  const fields = [...credentials, ...fieldsOf(body)]
  scene.message({ from: 'phone', to: 'worker', label: `${method} ${path}`, fields })
}

function drawReply({ status, ok, body, headers }) {
  const fields = [...headers, ...fieldsOf(body)]
  const label = ok ? String(status) : `${status} ${body?.code ?? ''}`
  scene.message({ from: 'worker', to: 'phone', isAnswer: true, isRefused: !ok, label, fields })
}

async function replyTo([method, path, { token, body }]) {
  const response = await fetch(path, {
    method,
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  heard.push(`${[...response.headers].join('\n')}\n${text}`)
  const { status, ok } = response
  const headers = SHOWN_HEADERS.map((name) => [name, response.headers.get(name)])
  return { status, ok, body: parsed(text), headers: headers.filter(([, value]) => value !== null) }
}

async function post(path, body) {
  const response = await fetch(path, { method: 'POST', body: JSON.stringify(body) })
  return response.text()
}
