/** A day of a population against the real app: what each kind of request costs, and how many there are. */

import { createRandom, type Random } from '../../support/random'
import { PATTERN } from './pattern'
import { createRequest, createSystem, SERVICE_KEY, type System, type Usage } from './system'

export interface DayOptions {
  readonly users: number
  /** How long a location of KV may keep what it has read, in seconds. */
  readonly staleness: number
  /** How the backend learns whose a token is: it asks, or verifies a JWT access token by itself. */
  readonly backend: BackendOptions | 'JWT'
  readonly seed: number
}

/** Of a backend that asks. */
export interface BackendOptions {
  /** For how many seconds it keeps an answer of the introspection; 0 for not at all. */
  readonly keepSeconds: number
  /** Processes that take turns, each with answers of its own. */
  readonly processes: number
}

export interface Day {
  readonly users: number
  /** By the kind of request. */
  readonly usage: Readonly<Record<string, Usage>>
  /** Requests that were answered with an error. */
  readonly errors: number
  readonly refusedWrites: number
  /** The live sessions at the end of the day, and their bytes in KV. */
  readonly stored: { readonly records: number; readonly bytes: number }
}

interface Phone {
  readonly name: string
  token: string | null
  /** When its JWT access token ends, in Unix milliseconds; 0 without one. */
  jwtEnd: number
}

interface PlannedAction {
  /** Milliseconds since midnight. */
  readonly at: number
  readonly user: number
  readonly action: keyof ReturnType<typeof createActions>
  /** An index of `PATTERN.locations`: where the phone is. */
  readonly location: number
}

const { openings, checksPerOpening, openingSeconds, oneIn, hours, locations } = PATTERN

/** What is rare, with the opening after which it happens. */
const RARE = [
  { action: 'decrypt', count: oneIn.decrypt, after: 0 },
  { action: 'givePhoneNumber', count: oneIn.phoneNumber, after: 0 },
  { action: 'listDevices', count: oneIn.deviceList, after: 0 },
  { action: 'causeEvent', count: oneIn.pushedEvent, after: 0 },
  { action: 'logOut', count: oneIn.logOut, after: 1 },
] as const

export async function simulateDay(options: DayOptions): Promise<Day> {
  const { users, staleness, seed } = options
  const { isolatesPerLocation } = PATTERN
  const system = createSystem({ staleness, locations: locations.length, isolatesPerLocation })
  const phones = await createPhones(system, users)
  const usage: Record<string, Usage> = {}
  let errors = 0

  const actions = createActions(system, options.backend, (kind, isAnswered, caused) => {
    usage[kind] = add(usage[kind], caused)
    if (!isAnswered) errors++
  })
  const midnight = system.clock.milliseconds
  for (const { at, user, action, location } of planDay(users, createRandom(seed))) {
    system.clock.milliseconds = midnight + at
    const phone = phones[user]
    if (phone) await actions[action](phone, location)
  }
  const { refusedWrites, measure } = system.kv
  return { users, usage, errors, refusedWrites: refusedWrites(), stored: measure('session:') }
}

/** Phones with the session of yesterday, except those of new users. The clock is then at midnight. */
async function createPhones(system: System, users: number): Promise<Phone[]> {
  const phones: Phone[] = []
  for (let user = 0; user < users; user++) {
    const name = `user-${user}`
    const isNew = isOneIn(user, oneIn.newUser)
    const token = isNew ? null : (await system.login(name, { location: 0 })).token
    phones.push({ name, token, jwtEnd: 0 })
  }
  system.clock.milliseconds += 12 * 3600 * 1000
  return phones
}

/** A backend whose requests reach a location of Cloudflare. */
export function createBackend(
  system: System,
  { location, keepSeconds, processes }: BackendOptions & { location: number },
) {
  const kept = Array.from({ length: processes }, () => new Map<string, number>())
  let turn = 0

  /** Whether the token is accepted, and what the introspection has caused if there was one. */
  return async function accepts(token: string): Promise<{ active: boolean; usage: Usage | null }> {
    const answers = kept[turn++ % processes]
    const now = system.clock.milliseconds
    if (now < (answers?.get(token) ?? 0)) return { active: true, usage: null }
    const body = new URLSearchParams({ token })
    const request = createRequest('POST', '/introspect', { token: SERVICE_KEY, body })
    const [response, usage] = await system.send(location, request)
    const { active } = await response.json<{ active: boolean }>()
    answers?.set(token, active ? now + keepSeconds * 1000 : 0)
    return { active, usage }
  }
}

/** Plans the day of so many users. Only times and locations are random. */
function planDay(users: number, random: Random): PlannedAction[] {
  const actions = Array.from({ length: users }, (_, user) => planUser(user, random))
  return actions.flat().sort((a, b) => a.at - b.at)
}

function planUser(user: number, random: Random): PlannedAction[] {
  const toTime = () => Math.floor((random.weighted(hours) + random.next()) * 3600 * 1000)
  const starts = Array.from({ length: openings }, toTime).sort((a, b) => a - b)
  const stale = isOneIn(user, oneIn.newUser) ? null : random.below(openings)
  return starts.flatMap((start, opening) => {
    const location = random.weighted(locations)
    const toAction = (action: PlannedAction['action'], seconds: number) => {
      return { at: start + Math.floor(seconds * 1000), user, action, location }
    }
    const calls = Array.from({ length: checksPerOpening }, () =>
      toAction('callBackend', 1 + random.next() * (openingSeconds - 2)),
    )
    const rare = RARE.filter(({ count, after }) => after === opening && isOneIn(user, count))
    const others = rare.map(({ action }, index) => toAction(action, openingSeconds + index))
    return [toAction(opening === stale ? 'login' : 'open', 0), ...calls, ...others]
  })
}

/** Exact shares keep a small population from deciding how rare something is. */
function isOneIn(user: number, count: number): boolean {
  return user % count === 0
}

function createActions(
  system: System,
  backend: DayOptions['backend'],
  count: (kind: string, isAnswered: boolean, usage: Usage) => void,
) {
  const accepts = backend === 'JWT' ? null : createBackend(system, { location: 0, ...backend })

  async function login(phone: Phone, location: number): Promise<void> {
    const kind = phone.token === null ? 'login, first' : 'login, instead of a live session'
    const { token, usage } = await system.login(phone.name, { location, token: phone.token })
    phone.token = token
    phone.jwtEnd = 0
    count(kind, true, usage)
  }

  /** As the client does: without a session, it logs in first. */
  async function open(phone: Phone, location: number): Promise<void> {
    if (phone.token === null) await login(phone, location)
  }

  /** As the client does, 30 s before its end. */
  async function renewJwt(phone: Phone, location: number): Promise<void> {
    if (system.clock.milliseconds < phone.jwtEnd - 30_000) return
    const request = createRequest('POST', '/session/access-token', { token: phone.token })
    const [response, usage] = await system.send(location, request)
    const { expiresAt } = await response.json<{ expiresAt: string }>()
    phone.jwtEnd = Date.parse(expiresAt)
    count('JWT access token', response.ok, usage)
  }

  const request =
    (kind: string, method: string, path: string, toBody?: (name: string) => Promise<object>) =>
    async (phone: Phone, location: number): Promise<void> => {
      await open(phone, location)
      const body = await toBody?.(phone.name)
      const request = createRequest(method, path, { token: phone.token, ...(body && { body }) })
      const [response, usage] = await system.send(location, request)
      count(kind, response.ok, usage)
    }

  const endSession = request('log-out', 'DELETE', '/session')
  return {
    open,
    login,
    async callBackend(phone: Phone, location: number) {
      await open(phone, location)
      if (!accepts) return renewJwt(phone, location)
      const { active, usage } = await accepts(phone.token ?? '')
      if (usage) count('introspection', active, usage)
    },
    decrypt: request('decryption', 'POST', '/open-data/decrypt', system.getUserInfo),
    givePhoneNumber: request('phone number', 'POST', '/phone-number', system.getPhoneNumber),
    listDevices: request('device list', 'GET', '/sessions'),
    async logOut(phone: Phone, location: number) {
      await endSession(phone, location)
      phone.token = null
    },
    async causeEvent({ name }: Phone, location: number) {
      const [response, usage] = await system.send(location, await system.createPush(name))
      count('pushed event', response.ok, usage)
    },
  }
}

function add(total: Usage | undefined, usage: Usage): Usage {
  const entries = Object.entries(usage).map(([name, amount]) => {
    return [name, amount + (total?.[name as keyof Usage] ?? 0)]
  })
  return Object.fromEntries(entries)
}
