/** Who is measured, and how each is asked for the same thing. */

import { createHash } from 'node:crypto'
import { ENCRYPTED } from '../support/vectors.ts'
import { type Answer, requestText, send } from './load.ts'
import type { Server } from './servers.ts'

export const OPERATIONS = ['login', 'check', 'verify', 'decrypt'] as const
export type Operation = (typeof OPERATIONS)[number]

export type Kind = 'bare' | 'ours' | 'wafer-node-session' | 'node-easywechat'
export type Platform = 'Miniflare' | 'workerd' | 'Node'

export interface Contestant {
  readonly kind: Kind
  readonly platform: Platform
  readonly server: Server
  /** Makes the next request, for each operation. */
  readonly next: Readonly<Record<Operation, () => string>>
}

/** What every server is configured with, but for where the fake WeChat is. */
export const BINDINGS = {
  WECHAT_APPID: ENCRYPTED.appid,
  WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
  // The published example is from 2016.
  OPEN_DATA_MAX_AGE: '3153600000',
}

/** So many sessions take turns. */
const SESSIONS = 64

const encrypted = { encryptedData: ENCRYPTED.encryptedData, iv: ENCRYPTED.iv }
const rawData = JSON.stringify(ENCRYPTED.data)
const signature = createHash('sha1')
  .update(rawData + ENCRYPTED.session_key)
  .digest('hex')

/** What differs between the APIs. */
interface Dialect {
  login(code: string): string
  /** The headers that carry the session a login gave. */
  session(login: Answer): Record<string, string>
  readonly paths: Readonly<Record<Exclude<Operation, 'login'>, string>>
}

const bearer: Pick<Dialect, 'login' | 'session'> = {
  login: (code) => requestText('POST', '/login', { json: { code } }),
  session: ({ body }) => ({ Authorization: `Bearer ${JSON.parse(body).token}` }),
}

const worker: Dialect = {
  ...bearer,
  paths: { check: '/session', verify: '/open-data/verify', decrypt: '/open-data/decrypt' },
}

const DIALECTS: Readonly<Record<Kind, Dialect>> = {
  bare: worker,
  ours: worker,
  'node-easywechat': {
    ...bearer,
    paths: { check: '/session', verify: '/verify', decrypt: '/decrypt' },
  },
  'wafer-node-session': {
    // Its login takes the user's encrypted profile along and opens it.
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

/** A code that no one has used, for this user or for one who has never been here. */
export function freshCode(openid = `oBench${codes}`): string {
  return `${openid}.${codes++}`
}

/** Logs in, and checks that each operation has the answer it should have. */
export async function enter(kind: Kind, platform: Platform, server: Server): Promise<Contestant> {
  const { login, session, paths } = DIALECTS[kind]
  const sessions: Record<string, string>[] = []
  while (sessions.length < SESSIONS) {
    sessions.push(session(await send(server.port, login(freshCode(ENCRYPTED.openid)))))
  }
  const check = sessions.map((headers) => requestText('GET', paths.check, { headers }))
  const post = (path: string, json: object) =>
    sessions.map((headers) => requestText('POST', path, { headers, json }))
  const next = {
    login: () => login(freshCode()),
    check: inTurn(check),
    verify: inTurn(post(paths.verify, { rawData, signature })),
    decrypt: inTurn(post(paths.decrypt, encrypted)),
  }
  for (const operation of OPERATIONS) {
    const { status, body } = await send(server.port, next[operation]())
    const opens = operation === 'verify' || operation === 'decrypt'
    if (status !== 200 || (opens && !body.includes('"nickName":"Band"'))) {
      throw new Error(`${kind} answered ${operation} with ${status}: ${body}`)
    }
  }
  return { kind, platform, server, next }
}

function inTurn(requests: readonly string[]): () => string {
  let turn = 0
  return () => requests[turn++ % requests.length] ?? ''
}
