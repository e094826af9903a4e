/** What a phone, a backend or WeChat waits for: one request at a time, and time passes only in waits. */

import { DELAYS, type Delay } from './pattern'
import { createRequest, createSystem, SERVICE_KEY, type System } from './system'

export interface Waits {
  /** What the response waits for, in sequence; what begins at the same moment is one of them. */
  readonly sequence: readonly string[]
  /** Until the response, in milliseconds. */
  readonly milliseconds: number
}

interface Sessions {
  readonly token: string
  /** The id of another session of the same user. */
  readonly otherId: string
}

const OPERATIONS = {
  'login without a session': (system) => system.createLogin('bob', null),
  'login that ends a live session': (system, { token }) => system.createLogin('alice', token),
  'login with a hook': (system) => system.createLogin('bob', null),
  check: (_, { token }) => createRequest('GET', '/session', { token }),
  introspection: (_, { token }) => {
    const body = new URLSearchParams({ token })
    return createRequest('POST', '/introspect', { token: SERVICE_KEY, body })
  },
  gateway: (_, { token }) => {
    const request = createRequest('GET', '/forward-auth', { token })
    request.headers.set('X-Service-Key', SERVICE_KEY)
    return request
  },
  decryption: async (system, { token }) => {
    const body = await system.getUserInfo('alice')
    return createRequest('POST', '/open-data/decrypt', { token, body })
  },
  'JWT access token': (_, { token }) => createRequest('POST', '/session/access-token', { token }),
  'phone number': async (system, { token }) => {
    const body = await system.getPhoneNumber('alice')
    return createRequest('POST', '/phone-number', { token, body })
  },
  'reset of the session_key': (_, { token }) => createRequest('POST', '/session/reset', { token }),
  'list of devices': (_, { token }) => createRequest('GET', '/sessions', { token }),
  'log-out': (_, { token }) => createRequest('DELETE', '/session', { token }),
  'log-out of another device': (_, { token, otherId }) =>
    createRequest('DELETE', `/sessions/${otherId}`, { token }),
  'log-out of two devices': (_, { token }) => createRequest('DELETE', '/sessions', { token }),
  'pushed event with Queue and hook': (system) => system.createPush('alice'),
} satisfies Record<string, (system: System, sessions: Sessions) => Request | Promise<Request>>

export type WaitingOperation = keyof typeof OPERATIONS

export const WAITING_OPERATIONS = Object.keys(OPERATIONS) as WaitingOperation[]

/**
 * Measures one operation. The isolate has an access_token.
 *
 * @param isHot Whether the location has read the session lately
 */
export async function measureWaits(name: WaitingOperation, isHot: boolean): Promise<Waits> {
  const begun: { delay: Delay; at: number }[] = []
  const waiting: { until: number; resume: () => void }[] = []
  let isTimed = false
  async function wait(delay: Delay): Promise<void> {
    if (!isTimed) return
    const at = system.clock.milliseconds
    begun.push({ delay, at })
    await new Promise<void>((resume) => waiting.push({ until: at + DELAYS[delay], resume }))
  }
  const answer = () => wait('hook').then(() => null)
  const hooks = name.endsWith('hook') ? { onLogin: answer, onEvent: answer } : {}
  const system = createSystem({ staleness: 60, locations: 1, isolatesPerLocation: 1, wait, hooks })
  const sessions = await logInTwice(system)
  system.clock.milliseconds += 60_000
  const check = createRequest('GET', '/session', { token: sessions.token })
  if (isHot) await system.send(0, check)
  const request = await OPERATIONS[name](system, sessions)

  isTimed = true
  const start = system.clock.milliseconds
  let isAnswered = false
  const answering = system.fetch(0, request).finally(() => {
    isAnswered = true
  })
  for (;;) {
    // A timer runs when nothing else can.
    await new Promise((resolve) => setTimeout(resolve))
    if (isAnswered) break
    const next = waiting.sort((a, b) => a.until - b.until).shift()
    system.clock.milliseconds = next?.until ?? system.clock.milliseconds
    next?.resume()
  }
  const response = await answering
  if (!response.ok) throw new Error(`${name} failed: ${await response.text()}`)
  const end = system.clock.milliseconds
  const moments = Map.groupBy(
    begun.filter(({ at }) => at < end),
    ({ at }) => at,
  )
  const sequence = [...moments.values()].map((together) => {
    return together.map(({ delay }) => delay.replace(/,.*/, '')).join(' + ')
  })
  return { sequence, milliseconds: end - start }
}

/** The calls of the first session leave an access_token in the isolate. */
async function logInTwice(system: System): Promise<Sessions> {
  const { token } = await system.login('alice', { location: 0 })
  await system.login('alice', { location: 0 })
  await system.send(0, createRequest('POST', '/session/check', { token }))
  const [response] = await system.send(0, createRequest('GET', '/sessions', { token }))
  const { sessions } = await response.json<{ sessions: { id: string; current: boolean }[] }>()
  return { token, otherId: sessions.find(({ current }) => !current)?.id ?? '' }
}
