/** The requests that ask each server for the same operation. */

import { ENCRYPTED } from '../support/vectors.ts'
import { type Answer, requestText, send } from './load.ts'
import type { RequestOperation } from './operations.ts'

/** The next request of an operation, and where it goes. */
export interface Requests {
  readonly port: number
  next(): string
}

export type RequestsByOperation = Partial<Record<RequestOperation, Requests>>

/** What the answer of an operation must contain. */
const EXPECTED: Readonly<Record<RequestOperation, string>> = {
  check: '"',
  verify: '"ok":true',
  introspect: '"active":true',
  login: '"',
  decrypt: '"nickName":"Band"',
  order: '"paySign":"',
}

export const SERVICE_KEY = 'p'.repeat(32)
const serviceKey = { Authorization: `Bearer ${SERVICE_KEY}` }

/** Requests take turns with this many sessions. */
const SESSIONS = 64

const encrypted = { encryptedData: ENCRYPTED.encryptedData, iv: ENCRYPTED.iv }

let numbers = 0

/** A code that was not used before, for this user or for a new one. */
export function freshCode(openid = `oBench${numbers}`): string {
  return `${openid}.${numbers++}`
}

interface Server {
  readonly port: number
  /** Where the Worker answers that calls this one over RPC. */
  readonly callerPort?: number
}

/** Logs in often enough, and makes the requests of these sessions. */
export async function createWorkerRequests(server: Server): Promise<RequestsByOperation> {
  const { port, callerPort } = server
  const login = (code: string) => requestText('POST', '/login', { json: { code } })
  const tokens = await logIn(port, login, ({ body }) => String(JSON.parse(body).token))
  const each = (make: (token: string, headers: Record<string, string>) => string) =>
    takeTurns(tokens.map((token) => make(token, { Authorization: `Bearer ${token}` })))
  return {
    check: { port, next: each((_, headers) => requestText('GET', '/session', { headers })) },
    introspect: {
      port,
      next: each((token) =>
        requestText('POST', '/introspect', { headers: serviceKey, form: { token } }),
      ),
    },
    login: { port, next: () => login(freshCode()) },
    decrypt: {
      port,
      next: each((_, headers) =>
        requestText('POST', '/open-data/decrypt', { headers, json: encrypted }),
      ),
    },
    ...(callerPort !== undefined && {
      verify: {
        port: callerPort,
        next: each((_, headers) => requestText('GET', '/rpc', { headers })),
      },
    }),
  }
}

export async function createPaymentRequests({ port }: Server): Promise<RequestsByOperation> {
  const order = () => ({
    appid: 'wxd678efh567hg6787',
    openid: 'oBench',
    outTradeNo: `BENCH${numbers++}00000`,
    description: 'A cup of tea',
    total: 100,
  })
  const next = () => requestText('POST', '/payments', { headers: serviceKey, json: order() })
  return { order: { port, next } }
}

export async function createEasywechatRequests({ port }: Server): Promise<RequestsByOperation> {
  const login = (code: string) => requestText('POST', '/login', { json: { code } })
  const sessions = await logIn(port, login, ({ body }) => ({
    Authorization: `Bearer ${JSON.parse(body).token}`,
  }))
  return createPeerRequests(port, sessions, { login, check: '/session' })
}

/** Its login includes the user's encrypted profile and decrypts it. */
export async function createWaferRequests({ port }: Server): Promise<RequestsByOperation> {
  const profile = { 'X-WX-Encrypted-Data': encrypted.encryptedData, 'X-WX-IV': encrypted.iv }
  const login = (code: string) =>
    requestText('GET', '/login', { headers: { 'X-WX-Code': code, ...profile } })
  const sessions = await logIn(port, login, ({ body }) => {
    const { id, skey } = JSON.parse(body).session
    return { 'X-WX-Id': String(id), 'X-WX-Skey': String(skey) }
  })
  return createPeerRequests(port, sessions, { login, check: '/me' })
}

function createPeerRequests(
  port: number,
  sessions: readonly Record<string, string>[],
  { login, check }: { login: (code: string) => string; check: string },
): RequestsByOperation {
  const each = (make: (headers: Record<string, string>) => string) => takeTurns(sessions.map(make))
  const decrypt = (headers: Record<string, string>) =>
    requestText('POST', '/decrypt', { headers, json: encrypted })
  return {
    check: { port, next: each((headers) => requestText('GET', check, { headers })) },
    login: { port, next: () => login(freshCode()) },
    decrypt: { port, next: each(decrypt) },
  }
}

/** @throws {Error} if the answer is not the right one */
export async function checkAnswer(operation: RequestOperation, { port, next }: Requests) {
  const { status, body } = await send(port, next())
  if (status !== 200 || !body.includes(EXPECTED[operation])) {
    throw new Error(`it answered ${status}: ${body.slice(0, 200)}`)
  }
}

/** All are sessions of the user whose data can be decrypted. */
async function logIn<Session>(
  port: number,
  login: (code: string) => string,
  toSession: (answer: Answer) => Session,
): Promise<Session[]> {
  const sessions: Session[] = []
  while (sessions.length < SESSIONS) {
    sessions.push(toSession(await send(port, login(freshCode(ENCRYPTED.openid)))))
  }
  return sessions
}

function takeTurns(requests: readonly string[]): () => string {
  let turn = 0
  return () => requests[turn++ % requests.length] ?? ''
}
