/** The developer's own backend: its requests to the Worker, which are drawn as they happen. */

import { parseJson, toFields } from './json.js'
import { phone } from './phone.js'
import { recordDuring } from './server.js'

/** The service keys of the two Workers, from sandbox/wrangler.toml and sandbox/pay/. */
const LOGIN_KEY = 'the-sandbox-service-key-is-public-too'
const PAYMENTS_KEY = 'the-sandbox-payments-key-is-public-too'

/** The key of a gateway, from sandbox/wrangler.toml. */
const GATEWAY_KEY = 'the-sandbox-gateway-key-is-public-too'
const USER_HEADERS = ['X-User-Id', 'X-Appid', 'X-Openid', 'X-Unionid', 'X-Claims']

/** Requests to the login Worker. */
export const backend = createBackend(LOGIN_KEY)

/** Requests to the login Worker that need no key. */
export const anyone = createBackend(null)

/** Requests to the payments Worker. */
export const payments = createBackend(PAYMENTS_KEY)

/** What a gateway in front of the backend asks about a request with this token. */
export async function askAsGateway(token) {
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    'X-Service-Key': GATEWAY_KEY,
  }
  const label = 'GET /forward-auth'
  phone.draw({ from: 'gateway', to: 'worker', label, fields: Object.entries(headers) })
  const response = await recordDuring(fetch('/forward-auth', { headers }))
  const body = parseJson(await response.text())
  const { ok, status } = response
  phone.draw({
    from: 'worker',
    to: 'gateway',
    isResponse: true,
    isError: !ok,
    label: ok ? String(status) : `${status} ${body.code}`,
    fields: ok ? USER_HEADERS.map((name) => [name, response.headers.get(name)]) : toFields(body),
  })
  return { ok, body }
}

function createBackend(serviceKey) {
  /** Sends one request with the service key, if there is one; a body is JSON, or URLSearchParams for a form. */
  async function request(method, path, body) {
    const fields = [
      ...(serviceKey ? [['service key', serviceKey]] : []),
      ...toFields(body instanceof URLSearchParams ? Object.fromEntries(body) : body),
    ]
    phone.draw({ from: 'backend', to: 'worker', label: `${method} ${path}`, fields })
    const response = await recordDuring(send(serviceKey, method, path, body))
    const label = response.ok
      ? String(response.status)
      : `${response.status} ${response.body?.code}`
    const { ok, body: content, picture } = response
    const shown = picture ? { picture } : { fields: toFields(content) }
    const arrow = { from: 'worker', to: 'backend', isResponse: true, isError: !ok, label }
    phone.draw({ ...arrow, ...shown })
    return response
  }
  return { request }
}

async function send(serviceKey, method, path, body) {
  const isForm = body instanceof URLSearchParams
  const response = await fetch(path, {
    method,
    headers: {
      ...(serviceKey && { Authorization: `Bearer ${serviceKey}` }),
      ...(body && !isForm && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  })
  const { status, ok, headers } = response
  if (headers.get('Content-Type')?.startsWith('image/')) {
    return { status, ok, picture: await toDataUrl(await response.blob()) }
  }
  return { status, ok, body: parseJson(await response.text()) }
}

function toDataUrl(blob) {
  const reader = new FileReader()
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result)
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}
