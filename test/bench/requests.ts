/** The requests that ask each server for the same operation. */

import { ENCRYPTED } from '../support/vectors.ts'
import { requestText, send } from './load.ts'
import type { RequestOperation } from './operations.ts'

type Headers = Readonly<Record<string, string>>

/** How a server is asked. */
export interface Client {
  /** With a number that no request had before; a login is a new user's, if it names none. */
  readonly fresh: Partial<Record<RequestOperation, (number: number, openid?: string) => string>>
  /** In a session, by its headers. */
  readonly inSession: Partial<Record<RequestOperation, (headers: Headers) => string>>
  /** What its login answers, as the headers of a session. */
  toHeaders?(answer: LoginAnswer): Headers
}

interface LoginAnswer {
  readonly token: string
  readonly session: { readonly id: number; readonly skey: string }
}

/** What the answer of an operation must contain. */
const EXPECTED: Readonly<Record<RequestOperation, string>> = {
  check: '"',
  verify: '"ok":true',
  introspect: '"active":true',
  login: '"',
  decrypt: '"nickName":"Band"',
  order: '"paySign":"',
}

/** Requests take turns with this many sessions. */
const SESSIONS = 64

export const SERVICE_KEY = 'p'.repeat(32)
const serviceKey = { Authorization: `Bearer ${SERVICE_KEY}` }
const encrypted = { encryptedData: ENCRYPTED.encryptedData, iv: ENCRYPTED.iv }

const get = (path: string) => (headers: Headers) => requestText('GET', path, { headers })
const decrypt = (path: string) => (headers: Headers) =>
  requestText('POST', path, { headers, json: encrypted })
const toCode = (number: number, openid = `oBench${number}`) => `${openid}.${number}`
const login = (number: number, openid?: string) =>
  requestText('POST', '/login', { json: { code: toCode(number, openid) } })

const toHeaders = ({ token }: LoginAnswer) => ({ Authorization: `Bearer ${token}` })

export const LOGIN_CLIENT: Client = {
  fresh: { login },
  inSession: {
    check: get('/session'),
    verify: get('/'),
    introspect: ({ Authorization = '' }) => {
      const form = { token: Authorization.slice('Bearer '.length) }
      return requestText('POST', '/introspect', { headers: serviceKey, form })
    },
    decrypt: decrypt('/open-data/decrypt'),
  },
  toHeaders,
}

export const PAYMENTS_CLIENT: Client = {
  fresh: {
    order: (number) => {
      const json = {
        appid: 'wxd678efh567hg6787',
        openid: 'oBench',
        outTradeNo: `BENCH${number}00000`,
        description: 'A cup of tea',
        total: 100,
      }
      return requestText('POST', '/payments', { headers: serviceKey, json })
    },
  },
  inSession: {},
}

export const EASYWECHAT_CLIENT: Client = {
  fresh: { login },
  inSession: { check: get('/session'), decrypt: decrypt('/decrypt') },
  toHeaders,
}

/** Its login includes the user's encrypted profile and decrypts it. */
export const WAFER_CLIENT: Client = {
  fresh: {
    login: (number, openid) => {
      const profile = { 'X-WX-Encrypted-Data': encrypted.encryptedData, 'X-WX-IV': encrypted.iv }
      return get('/login')({ 'X-WX-Code': toCode(number, openid), ...profile })
    },
  },
  inSession: { check: get('/me'), decrypt: decrypt('/decrypt') },
  toHeaders: ({ session: { id, skey } }) => ({ 'X-WX-Id': `${id}`, 'X-WX-Skey': skey }),
}

let numbers = 0

/** Logs the user in whose data can be decrypted: what gives the next request of each operation. */
export async function createRequests({ fresh, inSession, toHeaders }: Client, port: number) {
  const sessions: Headers[] = []
  while (toHeaders && fresh.login && sessions.length < SESSIONS) {
    const { body } = await send(port, fresh.login(numbers++, ENCRYPTED.openid))
    sessions.push(toHeaders(JSON.parse(body)))
  }
  const takeTurns = (texts: readonly string[]) => {
    let turn = 0
    return () => texts[turn++ % texts.length] ?? ''
  }
  return (operation: RequestOperation): (() => string) => {
    const [make, makeInSession] = [fresh[operation], inSession[operation]]
    if (make) return () => make(numbers++)
    if (makeInSession) return takeTurns(sessions.map(makeInSession))
    throw new Error(`it has no ${operation}`)
  }
}

/** @throws {Error} if the answer is not the right one */
export async function checkAnswer(operation: RequestOperation, port: number, request: string) {
  const { status, body } = await send(port, request)
  if (status !== 200 || !body.includes(EXPECTED[operation])) {
    throw new Error(`it answered ${status}: ${body.slice(0, 200)}`)
  }
}
