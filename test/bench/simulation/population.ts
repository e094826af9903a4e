/** A day of a population against the real app: what each kind of request costs, and how many there are. */

import { createRandom } from '../random'
import { createBackend } from './backend'
import { type Action, isNewUser, type PlannedAction, planDay } from './day'
import { PATTERN, REQUESTS, type RequestKind } from './pattern'
import {
  type AccessTokenUsage,
  createRequest,
  createSystem,
  createUsage,
  type System,
  type Usage,
} from './system'

export interface DayOptions {
  readonly users: number
  /** How long a location of KV may keep what it has read, in seconds. */
  readonly staleness: number
  /** For how many seconds the backend keeps an introspection answer. */
  readonly keepSeconds: number
  /** Processes of the backend that take turns. */
  readonly backendProcesses: number
  readonly seed: number
}

export interface Day {
  readonly options: DayOptions
  readonly usage: Readonly<Record<RequestKind, Usage>>
  readonly accessToken: AccessTokenUsage
  /** Requests that were answered with an error. */
  readonly errors: number
  readonly reads: { readonly total: number; readonly fromCopy: number }
  readonly refusedWrites: number
  /** The live sessions at the end of the day, and their bytes in KV. */
  readonly stored: { readonly records: number; readonly bytes: number }
}

interface Phone {
  readonly name: string
  token: string | null
}

export async function simulateDay(options: DayOptions): Promise<Day> {
  const { users, staleness, keepSeconds, backendProcesses: processes, seed } = options
  const { locations, isolatesPerLocation } = PATTERN
  const system = createSystem({ staleness, locations: locations.length, isolatesPerLocation })
  const backend = createBackend(system, { location: 0, keepSeconds, processes })
  const phones = await createPhones(system, users)
  const readsBefore = { ...system.kv.reads }
  const usage = Object.fromEntries(REQUESTS.map((kind) => [kind, createUsage()])) as Record<
    RequestKind,
    Usage
  >
  let errors = 0

  const perform = createActions(system, backend, (kind, isAnswered, caused) => {
    add(usage[kind], caused)
    if (!isAnswered) errors++
  })
  const midnight = system.clock.milliseconds
  for (const planned of planDay(users, createRandom(seed))) {
    system.clock.milliseconds = midnight + planned.at
    const phone = phones[planned.user]
    if (phone) await perform[planned.action](phone, planned)
  }

  return {
    options,
    usage,
    accessToken: system.accessToken,
    errors,
    reads: {
      total: system.kv.reads.total - readsBefore.total,
      fromCopy: system.kv.reads.fromCopy - readsBefore.fromCopy,
    },
    refusedWrites: system.kv.refusedWrites(),
    stored: system.kv.measure('session:'),
  }
}

/** Phones with the session of yesterday, except those of new users. The clock is then at midnight. */
async function createPhones(system: System, users: number): Promise<Phone[]> {
  const phones: Phone[] = []
  for (let user = 0; user < users; user++) {
    const name = `user-${user}`
    const token = isNewUser(user) ? null : (await system.login(name, { location: 0 })).token
    phones.push({ name, token })
  }
  system.clock.milliseconds += 12 * 3600 * 1000
  return phones
}

/** Takes one request, whether it succeeded, and what it has caused. */
type Count = (kind: RequestKind, isAnswered: boolean, usage: Usage) => void

function createActions(
  system: System,
  backend: ReturnType<typeof createBackend>,
  count: Count,
): Record<Action, (phone: Phone, planned: PlannedAction) => Promise<void>> {
  async function login(phone: Phone, { location }: PlannedAction): Promise<void> {
    const kind = phone.token === null ? 'login, first' : 'login, instead of a live session'
    const { token, usage } = await system.login(phone.name, { location, token: phone.token })
    phone.token = token
    count(kind, true, usage)
  }

  /** As the client does: without a session, it logs in first. */
  async function request(
    kind: RequestKind,
    phone: Phone,
    planned: PlannedAction,
    init: [string, string, object?],
  ) {
    if (phone.token === null) await login(phone, planned)
    const [method, path, body] = init
    const options = { token: phone.token, ...(body && { body }) }
    const [response, usage] = await system.send(
      planned.location,
      createRequest(method, path, options),
    )
    count(kind, response.ok, usage)
  }

  return {
    open: async (phone, planned) => {
      if (phone.token === null) await login(phone, planned)
    },
    'open with a stale session_key': login,
    'call the backend': async (phone, planned) => {
      if (phone.token === null) await login(phone, planned)
      const { active, usage } = await backend(phone.token ?? '')
      if (usage) count('introspection', active, usage)
    },
    decrypt: async (phone, planned) => {
      const data = await system.press<object>('wx.getUserInfo', phone.name)
      await request('decryption', phone, planned, ['POST', '/open-data/decrypt', data])
    },
    'give the phone number': async (phone, planned) => {
      const { code } = await system.press<{ code: string }>('getPhoneNumber', phone.name)
      await request('phone number', phone, planned, ['POST', '/phone-number', { code }])
    },
    'list devices': (phone, planned) =>
      request('device list', phone, planned, ['GET', '/sessions']),
    'log out': async (phone, planned) => {
      await request('log-out', phone, planned, ['DELETE', '/session'])
      phone.token = null
    },
    'cause an event': async (phone, { location }) => {
      const event = { FromUserName: phone.name, MsgType: 'text', Content: 'hello', MsgId: 1 }
      const [response, usage] = await system.send(location, await system.createPush(event))
      count('pushed event', response.ok, usage)
    },
  }
}

function add(total: Usage, usage: Usage): void {
  total.requests += usage.requests
  total.wechat += usage.wechat
  total.queueMessages += usage.queueMessages
  for (const operation of ['get', 'put', 'delete', 'list'] as const) {
    total.kv[operation] += usage.kv[operation]
  }
}
