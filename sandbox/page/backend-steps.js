/** The steps of a backend and of its hooks. steps.js says what a step is. */

import { anyone, askAsGateway, backend } from './backend.js'
import { parseJson } from './json.js'
import { texts } from './language.js'
import { phone } from './phone.js'

const PRODUCT = 'sandbox-product'
const UNKNOWN_PRODUCT = 'unknown-product'

/** What a JWT access token says; `null` if its signature is not of this key. */
async function verify(token, key) {
  const [header, payload, signature] = token.split('.')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const publicKey = await crypto.subtle.importKey('jwk', key, algorithm, false, ['verify'])
  const signed = new TextEncoder().encode(`${header}.${payload}`)
  const isOurs = await crypto.subtle.verify(algorithm, publicKey, toBytes(signature), signed)
  return isOurs ? parseJson(new TextDecoder().decode(toBytes(payload))) : null
}

function toBytes(base64url) {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

export const BACKEND_STEPS = [
  {
    id: 'pay',
    first: 'both',
    needsLogin: true,
    async run({ gives, done }) {
      const signData = JSON.stringify({
        offerId: '1450000000',
        buyQuantity: 1,
        env: 1,
        currencyType: 'CNY',
        productId: PRODUCT,
        goodsPrice: 100,
        outTradeNo: crypto.randomUUID().replaceAll('-', ''),
      })
      const { token = '' } = phone.stored
      const body = { token, text: signData }
      const response = await backend.request('POST', '/session-key/sign', body)
      if (!response.ok) return { responses: [response], done }
      phone.note('all', gives)
      const { signature } = response.body
      const options = { signData, signature }
      const paid = await phone.wx('wx.requestVirtualPayment', options, { shown: options })
      const isDelivered = paid.notice?.answer?.ErrCode === 0
      return { responses: [], done: isDelivered ? done : `${paid.errMsg}.` }
    },
  },
  {
    id: 'keys',
    first: 'both',
    needsLogin: true,
    async run({ done, differ }) {
      const { token = '' } = phone.stored
      const body = { token }
      const response = await backend.request('POST', '/session-key/encryption-keys', body)
      if (!response.ok) return { responses: [response], done }
      const { encryptKey } = await phone.wx('getLatestUserKey')
      const isSame = response.body.keys[0]?.encryptKey === encryptKey
      return { responses: [], done: isSame ? done : differ }
    },
  },
  {
    id: 'picture',
    first: 'backend',
    async run({ done }) {
      const body = { scene: 'table=7', page: 'pages/order/index' }
      const path = '/wechat/api/wxa/getwxacodeunlimit'
      return { responses: [await backend.request('POST', path, body)], done }
    },
  },
  {
    id: 'accessToken',
    first: 'both',
    needsLogin: true,
    async run({ says, done, differ }) {
      const issued = await phone.request('POST', '/session/access-token')
      if (!issued.ok) return { responses: [issued], done }
      const published = await anyone.request('GET', '/.well-known/jwks.json')
      if (!published.ok) return { responses: [published], done }
      const claims = await verify(issued.body.accessToken, published.body.keys[0])
      if (!claims) return { responses: [], done: differ }
      phone.note('all', says(claims))
      return { responses: [], done }
    },
  },
  {
    id: 'gateway',
    first: 'gateway',
    needsLogin: true,
    async run({ done }) {
      return { responses: [await askAsGateway(phone.stored.token)], done }
    },
  },
  {
    id: 'revoke',
    first: 'both',
    needsLogin: true,
    async run({ lead, done }) {
      const { token = '' } = phone.stored
      const revoked = await backend.request('POST', '/revoke', new URLSearchParams({ token }))
      if (!revoked.ok) return { responses: [revoked], done }
      return { responses: [await phone.request('GET', '/session')], lead, done }
    },
  },
  {
    id: 'customerMessage',
    async run({ done, silent }) {
      const message = { text: texts.customerMessage }
      const label = '<button open-type="contact">'
      phone.draw({ from: 'phone', to: 'wechat', label, fields: Object.entries(message) })
      const { body } = await phone.push('customer-message', message)
      const isForwarded = body?.MsgType === 'transfer_customer_service'
      return { responses: [], done: isForwarded ? done : silent }
    },
  },
  {
    id: 'unanswered',
    first: 'backend',
    async run({ done, answered }) {
      const notice = { event: 'xpay_goods_deliver_notify', product: UNKNOWN_PRODUCT }
      const { body } = await phone.push('push', notice)
      return { responses: [], done: body?.code === 'hook_unavailable' ? done : answered }
    },
  },
]
