/**
 * A backend in Node that answers the hooks: `BACKEND_SECRET=… node examples/hooks/backend.js`.
 * It verifies each request that forward.ts sends; put your own answers into `hooks`.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { BACKEND_SECRET: secret, PORT: port = '3000' } = process.env
if (!secret) throw new Error('BACKEND_SECRET is missing')

/** An older request may be a recording, in seconds. */
const MAX_AGE_SECONDS = 300
const MAX_BODY_BYTES = 64 * 1024

/** Use a database here: WeChat Pay does not send again what `onPayment` has returned for. */
const outcomes = new Map()

const hooks = {
  onLogin: () => ({ claims: { roles: ['member'] } }),
  onEvent: () => null,
  // No other mini programs than those in the settings of the login Worker.
  findMiniProgram: () => null,
  // The same outcome can arrive twice, with the same key. Deliver it once, as payments.ts does.
  onPayment(event) {
    outcomes.set(event.key, event)
    return null
  },
}

const server = createServer((request, response) => {
  answer(request).then(
    ({ status, reply }) => response.writeHead(status).end(reply),
    () => response.writeHead(500).end(),
  )
})

async function answer(request) {
  const { 'content-length': length, 'x-timestamp': timestamp, 'x-signature': hex } = request.headers
  if (!(Number(length) <= MAX_BODY_BYTES)) return { status: 413 }
  const body = Buffer.concat(await request.toArray())
  if (!isSigned({ timestamp, hex, body })) return { status: 401 }
  const { hook, argument } = JSON.parse(body.toString())
  if (!Object.hasOwn(hooks, hook)) return { status: 404 }
  return { status: 200, reply: JSON.stringify((await hooks[hook](argument)) ?? null) }
}

/** Whether the signature is right, and the time within five minutes of ours. */
function isSigned({ timestamp = '', hex = '', body }) {
  const age = Date.now() / 1000 - Number(timestamp)
  if (!(Math.abs(age) <= MAX_AGE_SECONDS)) return false
  const signature = Buffer.from(hex, 'hex')
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest()
  // `===` would tell by its time how many of the first characters are right.
  return signature.length === expected.length && timingSafeEqual(signature, expected)
}

server.listen(Number(port), '127.0.0.1', () => {
  console.log(`Ready on http://127.0.0.1:${server.address().port}`)
})
