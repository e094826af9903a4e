/** WeChat's side of message push: the signed and encrypted request, and how it reads the reply. */

import { isObject, parseJson } from '../src/lib/encoding'
import { openEnvelope } from '../src/login/wechat/push'
import { sealEnvelope, signPush } from './encrypt'

export interface PushOptions {
  readonly appid: string
  readonly token: string
  /** `null` in plaintext mode. */
  readonly encodingAESKey: string | null
  /** Unix seconds. */
  readonly timestamp: number
}

/** The request that WeChat would send for an event to this URL; of a text, exactly that text. */
export async function pushRequest(
  url: string,
  event: object | string,
  { appid, token, encodingAESKey, timestamp }: PushOptions,
): Promise<Request> {
  const nonce = String(crypto.getRandomValues(new Uint32Array(1))[0])
  const query = new URLSearchParams({
    signature: await signPush(token, String(timestamp), nonce),
    timestamp: String(timestamp),
    nonce,
  })
  const text = typeof event === 'string' ? event : JSON.stringify(event)
  let body = text
  if (encodingAESKey !== null) {
    const random = crypto.randomUUID().slice(0, 16)
    const Encrypt = await sealEnvelope(text, { appid, encodingAESKey, random })
    query.set('encrypt_type', 'aes')
    query.set('msg_signature', await signPush(token, String(timestamp), nonce, Encrypt))
    body = JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt })
  }
  return new Request(`${url}?${query}`, { method: 'POST', body })
}

/**
 * The reply as WeChat reads it. In safe mode, whatever is more than a receipt has to be encrypted,
 * signed and for this mini program.
 *
 * @returns the reply with its message opened; 502 if WeChat cannot read it
 */
export async function openReply(
  response: Response,
  { appid, token, encodingAESKey }: Omit<PushOptions, 'timestamp'>,
): Promise<Response> {
  const { status, headers } = response
  const text = await response.text()
  const isReceipt = text === '' || text === 'success'
  if (!response.ok || encodingAESKey === null || isReceipt) {
    return new Response(text, { status, headers })
  }
  const reply = parseJson(text)
  const { Encrypt, MsgSignature, TimeStamp, Nonce } = isObject(reply) ? reply : {}
  if (typeof Encrypt !== 'string') return unreadable('is not encrypted')
  const signature = await signPush(token, String(TimeStamp), String(Nonce), Encrypt)
  if (MsgSignature !== signature) return unreadable('has a wrong MsgSignature')
  const opened = await openEnvelope(Encrypt, encodingAESKey)
  if (!opened) return unreadable('is not encrypted under this EncodingAESKey')
  if (opened.appid !== appid) return unreadable('is for another appid')
  return new Response(opened.message, { status, headers: { 'Content-Type': 'application/json' } })
}

function unreadable(reason: string): Response {
  return new Response(`WeChat cannot read the reply: it ${reason}.\n`, { status: 502 })
}
