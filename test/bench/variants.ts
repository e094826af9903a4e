/** The variants under measurement, and the requests that ask each of them for the same operation. */

import { createHash } from 'node:crypto'
import { ENCRYPTED } from '../support/vectors.ts'
import { type Answer, requestText, send } from './load.ts'
import type { Server } from './servers.ts'

export const OPERATIONS = ['login', 'check', 'verify', 'decrypt'] as const
export type Operation = (typeof OPERATIONS)[number]

export type Kind = 'bare' | 'ours' | 'wafer-node-session' | 'node-easywechat'
export type Platform = 'Miniflare' | 'workerd' | 'Node'

export interface Variant {
  readonly kind: Kind
  readonly platform: Platform
  readonly server: Server
  /** Returns the next request of each operation. */
  readonly next: Readonly<Record<Operation, () => string>>
}

/** The settings of every server, without the address of the fake WeChat. */
export const BINDINGS = {
  WECHAT_APPID: ENCRYPTED.appid,
  WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
  // The published example is from 2016.
  OPEN_DATA_MAX_AGE: '3153600000',
}

/** Requests take turns with this many sessions. */
const SESSIONS = 64

const encrypted = { encryptedData: ENCRYPTED.encryptedData, iv: ENCRYPTED.iv }
const rawData = JSON.stringify(ENCRYPTED.data)
const signature = createHash('sha1')
  .update(rawData + ENCRYPTED.session_key)
  .digest('hex')

/** The differences between the APIs. */
interface Api {
  login(code: string): string
  /** The headers that authenticate with the session of this login. */
  session(login: Answer): Record<string, string>
  readonly paths: Readonly<Record<Exclude<Operation, 'login'>, string>>
}

const bearer: Pick<Api, 'login' | 'session'> = {
  login: (code) => requestText('POST', '/login', { json: { code } }),
  session: ({ body }) => ({ Authorization: `Bearer ${JSON.parse(body).token}` }),
}

const worker: Api = {
  ...bearer,
  paths: { check: '/session', verify: '/open-data/verify', decrypt: '/open-data/decrypt' },
}

const APIS: Readonly<Record<Kind, Api>> = {
  bare: worker,
  ours: worker,
  'node-easywechat': {
    ...bearer,
    paths: { check: '/session', verify: '/verify', decrypt: '/decrypt' },
  },
  'wafer-node-session': {
    // Its login includes the user's encrypted profile and decrypts it.
    login: (code) =>
      requestText('GET', '/login', {
        headers: {
          'X-WX-Code': code,
          'X-WX-Encrypted-Data': encrypted.encryptedData,
          'X-WX-IV': encrypted.iv,
        },
      }),
    session: ({ body }) => {
      const { id, skey } = JSON.parse(body).session
      return { 'X-WX-Id': id, 'X-WX-Skey': skey }
    },
    paths: { check: '/me', verify: '/verify', decrypt: '/decrypt' },
  },
}

let codes = 0

/** A code that was not used before, for this user or for a new one. */
export function freshCode(openid = `oBench${codes}`): string {
  return `${openid}.${codes++}`
}

/** Logs in, and checks the answer of each operation once. */
export async function createVariant(
  kind: Kind,
  platform: Platform,
  server: Server,
): Promise<Variant> {
  const { login, session, paths } = APIS[kind]
  const sessions: Record<string, string>[] = []
  while (sessions.length < SESSIONS) {
    sessions.push(session(await send(server.port, login(freshCode(ENCRYPTED.openid)))))
  }
  const check = sessions.map((headers) => requestText('GET', paths.check, { headers }))
  const post = (path: string, json: object) =>
    sessions.map((headers) => requestText('POST', path, { headers, json }))
  const next = {
    login: () => login(freshCode()),
    check: takeTurns(check),
    verify: takeTurns(post(paths.verify, { rawData, signature })),
    decrypt: takeTurns(post(paths.decrypt, encrypted)),
  }
  for (const operation of OPERATIONS) {
    const { status, body } = await send(server.port, next[operation]())
    const returnsData = operation === 'verify' || operation === 'decrypt'
    if (status !== 200 || (returnsData && !body.includes('"nickName":"Band"'))) {
      throw new Error(`${kind} answered ${operation} with ${status}: ${body}`)
    }
  }
  return { kind, platform, server, next }
}

function takeTurns(requests: readonly string[]): () => string {
  let turn = 0
  return () => requests[turn++ % requests.length] ?? ''
}
