/**
 * A WeChat over real HTTP that records what it receives, byte for byte, and answers what a test says.
 * It knows logins, access_tokens and the user's encryption keys; it checks their credentials.
 */

import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Recorded {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** The query without the access_token, as it arrived. */
  readonly search: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export type Answer = (request: Recorded, response: ServerResponse) => void

/** A handler that is called at the head of a request, before its body has arrived. */
export type HeadHandler = (request: IncomingMessage, response: ServerResponse) => void

export const SESSION_KEY = 'o0q0otL8aEzpcZL/FT9WsQ=='

export const KEY_INFO = {
  encrypt_key: 'VI6BpyrK9XH4i4AIGe86tg==',
  version: 10,
  expire_in: 3597,
  iv: '6003f73ec441c386',
  create_time: 1616572301,
}

export async function startRecordingWeChat() {
  const recorded: Recorded[] = []
  const answers: Answer[] = []
  const heads: HeadHandler[] = []
  let access_token = randomUUID()

  const json = (response: ServerResponse, value: object) =>
    void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(JSON.stringify(value))

  const api: Readonly<Record<string, Answer>> = {
    '/cgi-bin/stable_token': (_, response) => json(response, { access_token, expires_in: 7200 }),
    '/sns/jscode2session': ({ query }, response) => {
      const openid = `o${query.get('js_code')?.split('-')[0]}`
      json(response, { openid, unionid: `u${openid}`, session_key: SESSION_KEY })
    },
    '/wxa/business/getuserencryptkey': ({ query }, response) => {
      const expected = createHmac('sha256', SESSION_KEY).update('').digest('hex')
      const isSigned =
        query.get('signature') === expected && query.get('sig_method') === 'hmac_sha256'
      const isKnown = query.get('access_token') === access_token && query.has('openid')
      const refusal = { errcode: 87009, errmsg: 'invalid signature' }
      const keys = { errcode: 0, errmsg: 'ok', key_info_list: [KEY_INFO] }
      json(response, isSigned && isKnown ? keys : refusal)
    },
  }

  const server = createServer((request, response) => void handle(request, response))
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://wechat.example')
    if (!api[url.pathname]) {
      const head = heads.shift()
      if (head) return head(request, response)
    }
    const chunks = await request.toArray().catch(() => [])
    const record: Recorded = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      search: url.search.replace(/^\?access_token=[^&]*&?/, ''),
      headers: request.headers,
      body: Buffer.concat(chunks),
    }
    recorded.push(record)
    const answer = api[url.pathname] ?? answers.shift()
    if (answer) answer(record, response)
    else json(response, { errcode: 0, errmsg: 'ok' })
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    /** The access_token that is valid now. */
    accessToken: () => access_token,
    /** Issues another access_token. */
    renew: () => {
      access_token = randomUUID()
    },
    /** Answers the next call that is not about logins, access_tokens or keys. */
    next: (answer: Answer) => void answers.push(answer),
    /** Takes over the next such call before its body has arrived. */
    nextHead: (handler: HeadHandler) => void heads.push(handler),
    json,
    /** What has arrived since the last call of this, without the calls for access_tokens. */
    takeRecorded: () => recorded.splice(0).filter(({ path }) => path !== '/cgi-bin/stable_token'),
    /** After this, connections are refused. */
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
