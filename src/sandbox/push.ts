/** WeChat's side of message push: the signed and encrypted request for an event. */

import { sealEnvelope, signPush } from './encrypt'

export interface PushOptions {
  readonly appid: string
  readonly token: string
  /** `null` in plaintext mode. */
  readonly encodingAESKey: string | null
  /** Unix seconds. */
  readonly timestamp: number
}

/** The request that WeChat would send for an event to this URL. */
export async function pushRequest(
  url: string,
  event: object,
  { appid, token, encodingAESKey, timestamp }: PushOptions,
): Promise<Request> {
  const nonce = String(crypto.getRandomValues(new Uint32Array(1))[0])
  const query = new URLSearchParams({
    signature: await signPush(token, String(timestamp), nonce),
    timestamp: String(timestamp),
    nonce,
  })
  let body = event
  if (encodingAESKey !== null) {
    const random = crypto.randomUUID().slice(0, 16)
    const Encrypt = await sealEnvelope(JSON.stringify(event), { appid, encodingAESKey, random })
    query.set('encrypt_type', 'aes')
    query.set('msg_signature', await signPush(token, String(timestamp), nonce, Encrypt))
    body = { ToUserName: 'gh_97417a04a28d', Encrypt }
  }
  return new Request(`${url}?${query}`, { method: 'POST', body: JSON.stringify(body) })
}
