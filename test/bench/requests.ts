/** The requests that ask each server for the same operations. */

import { ENCRYPTED } from '../support/vectors.ts'
import { requestText, send } from './load.ts'
import type { Operation } from './operations.ts'

type Headers = Readonly<Record<string, string>>

/** What a server is asked for. */
export interface Client {
  /** With a number that no request had before; a login is a new user's, if it names none. */
  readonly fresh: Partial<Record<Operation, (number: number, openid?: string) => string>>
  /** By the headers of a session. */
  readonly inSession: Partial<Record<Operation, (headers: Headers) => string>>
  /** What its login answers, as the headers of a session. */
  toHeaders?(answer: LoginAnswer): Headers
}

interface LoginAnswer {
  readonly token: string
  readonly session: { readonly id: number; readonly skey: string }
}

/** What the answer of an operation must contain; of the others, a string. */
const EXPECTED: Partial<Record<Operation, string>> = {
  verify: '"ok":true',
  introspect: '"active":true',
  'introspect-jwt': '"active":true',
  decrypt: '"nickName":"Band"',
  order: '"paySign":"',
}

/** Requests take turns with this many sessions. */
const SESSIONS = 64

export const SERVICE_KEY = 'p'.repeat(32)
const serviceKey = { Authorization: `Bearer ${SERVICE_KEY}` }
const encrypted = { encryptedData: ENCRYPTED.encryptedData, iv: ENCRYPTED.iv }

const get = (path: string) => (headers: Headers) => requestText('GET', path, headers)
const decrypt = (path: string) => (headers: Headers) =>
  requestText('POST', path, headers, encrypted)
const introspect = ({ Authorization = '' }: Headers) => {
  const token = Authorization.slice('Bearer '.length)
  return requestText('POST', '/introspect', serviceKey, new URLSearchParams({ token }))
}
const issue = (headers: Headers) => requestText('POST', '/session/access-token', headers)
const toCode = (number: number, openid = `oBench${number}`) => `${openid}.${number}`
const login = (number: number, openid?: string) =>
  requestText('POST', '/login', {}, { code: toCode(number, openid) })
const toHeaders = ({ token }: LoginAnswer) => ({ Authorization: `Bearer ${token}` })

/** A Worker of 4003468, which has no JWT access tokens. */
export const BASELINE_CLIENT: Client = {
  fresh: { login },
  inSession: {
    check: get('/session'),
    verify: get('/'),
    introspect,
    decrypt: decrypt('/open-data/decrypt'),
  },
  toHeaders,
}

export const WORKER_CLIENT: Client = {
  ...BASELINE_CLIENT,
  inSession: { ...BASELINE_CLIENT.inSession, issue, 'introspect-jwt': introspect },
}

const { verify: _, ...overHttp } = WORKER_CLIENT.inSession
export const SERVER_CLIENT: Client = { ...WORKER_CLIENT, inSession: overHttp }

const order = { appid: 'wxd678efh567hg6787', openid: 'oBench', description: 'Tea', total: 100 }

export const PAYMENTS_CLIENT: Client = {
  fresh: {
    order: (number) => {
      const numbered = { ...order, outTradeNo: `BENCH${number}00000` }
      return requestText('POST', '/payments', serviceKey, numbered)
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
      const headers = { 'X-WX-Code': toCode(number, openid), ...profile }
      return requestText('GET', '/login', headers)
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
  const issueJwt = async (headers: Headers) => {
    const { body } = await send(port, issue(headers))
    return { Authorization: `Bearer ${JSON.parse(body).accessToken}` }
  }
  return async (operation: Operation): Promise<() => string> => {
    const [make, makeInSession] = [fresh[operation], inSession[operation]]
    if (make) return () => make(numbers++)
    if (!makeInSession) throw new Error(`it has no ${operation}`)
    const isJwt = operation === 'introspect-jwt'
    const texts = (isJwt ? await Promise.all(sessions.map(issueJwt)) : sessions).map(makeInSession)
    let turn = 0
    return () => texts[turn++ % texts.length] ?? ''
  }
}

/** @throws {Error} if the answer is not the right one */
export async function checkAnswer(operation: Operation, port: number, request: string) {
  const { status, body } = await send(port, request)
  if (status !== 200 || !body.includes(EXPECTED[operation] ?? '"')) {
    throw new Error(`it answered ${status}: ${body.slice(0, 80)}`)
  }
}
