/** What makes WeChat push a message to the Worker. Each answers with the Worker's reply, opened. */

import { type Context, Hono } from 'hono'
import { isObject } from '../src/lib/encoding'
import { hmacHex } from './encrypt'
import { type Fields, type FindUser, readFields } from './phone-request'
import type { SandboxUser } from './users'

/** Sends a message to the backend. Returns the reply as WeChat reads it: decrypted in safe mode. */
export type Deliver = (appid: string, event: object) => Promise<Response>

interface PushedOptions {
  readonly now: () => number
  readonly findUser: FindUser
  readonly deliver: Deliver
}

/** What the sandbox's shop sells: its event hook answers a notice for this product, and no other. */
export const PRODUCT = 'sandbox-product'

const MINI_PROGRAM = 'gh_97417a04a28d'

export function createPushed({ now, findUser, deliver }: PushedOptions): Hono {
  const pushed = new Hono()

  /** Pushes an event about a user: `{"event"?: "user_authorization_revoke", "user"?: "alice"}`. */
  pushed.post('/push', async (c) => {
    const fields = await readFields(c)
    const user = await findUser(fields)
    const { event = 'user_authorization_revoke', product = PRODUCT } = fields
    const details = String(event).startsWith('xpay_')
      ? toNotice(user, { productId: product, outTradeNo: createTradeNo() })
      : { OpenID: user.openid, AppID: user.appid, RevokeInfo: '6' }
    return deliver(user.appid, toEvent(event, details))
  })

  /** The user writes to customer service: `{"text"?: "Hello", "user"?: "alice"}`. */
  pushed.post('/customer-message', async (c) => {
    const fields = await readFields(c)
    const { appid, openid } = await findUser(fields)
    const { text: Content = 'Hello' } = fields
    const sender = { ToUserName: MINI_PROGRAM, FromUserName: openid, CreateTime: now() }
    return deliver(appid, { ...sender, MsgType: 'text', Content, MsgId: createMsgId() })
  })

  /**
   * Pays for virtual goods: `{"signData": "{…}", "signature": "…", "user"?: "alice"}`. WeChat then
   * pushes the notice of the purchase, and `notice` is what the Worker answered.
   */
  pushed.post('/wx.requestVirtualPayment', async (c) => {
    const fields = await readFields(c)
    const user = await findUser(fields)
    const { signData, signature } = fields
    const order = parseOrder(signData)
    if (!order) return fail(c, -15001, 'invalid signData')
    if (signature !== (await hmacHex(user.session_key, String(signData)))) {
      return fail(c, -15005, 'invalid signature')
    }
    const event = toEvent('xpay_goods_deliver_notify', toNotice(user, order))
    const { status, body } = await deliver(user.appid, event)
    const text = await new Response(body).text()
    return c.json({ errMsg: 'requestVirtualPayment:ok', notice: { status, answer: toJson(text) } })
  })

  function toEvent(Event: unknown, details: object): object {
    const sender = { ToUserName: MINI_PROGRAM, FromUserName: 'oOfficialWeChatAccount' }
    return { ...sender, CreateTime: now(), MsgType: 'event', Event, ...details }
  }

  /** What a notice of a purchase says besides. */
  function toNotice({ openid }: SandboxUser, { productId, outTradeNo, ...order }: Fields) {
    const { buyQuantity: Quantity = 1, goodsPrice: price = 100, attach: Attach = '' } = order
    const transaction = createTradeNo()
    return {
      OpenId: openid,
      OutTradeNo: outTradeNo,
      Env: 1,
      WeChatPayInfo: { MchOrderNo: transaction, TransactionId: transaction, PaidTime: now() },
      GoodsInfo: {
        ProductId: productId,
        Quantity,
        OrigPrice: price,
        ActualPrice: price,
        Attach,
      },
    }
  }

  return pushed
}

/** The order in signData, or `null` where a required member is missing. */
function parseOrder(signData: unknown): Fields | null {
  const order: unknown = typeof signData === 'string' ? toJson(signData) : null
  if (!isObject(order)) return null
  const isOrder = typeof order.productId === 'string' && typeof order.outTradeNo === 'string'
  return isOrder ? order : null
}

function fail(c: Context, errCode: number, text: string): Response {
  return c.json({ errMsg: `requestVirtualPayment:fail ${text}`, errCode })
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const createTradeNo = () => crypto.randomUUID().replaceAll('-', '')

/** WeChat's have 64 bits; JSON numbers of JavaScript have 53. */
const createMsgId = () => Math.trunc(Math.random() * Number.MAX_SAFE_INTEGER)
