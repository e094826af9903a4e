/** A shop of one product over HTTP, for the example mini program. */

import type { LoginServiceMethods, ProblemDetails, RpcSession } from 'code2session'
import { findOrder, openOrder, PAYABLE_SECONDS, recordClosing } from './orders'
import { type PaymentsEnv, refreshOrder } from './payments'

export interface ShopEnv extends PaymentsEnv {
  /** The entrypoint `LoginService` of the login Worker. */
  readonly LOGIN: LoginServiceMethods
}

/** The bindings of the shop; `null` in a Worker for hooks alone, which lacks some. */
export function findShop({ DB, LOGIN, PAY }: Partial<ShopEnv>): ShopEnv | null {
  return DB && LOGIN && PAY ? { DB, LOGIN, PAY } : null
}

export const NO_SHOP = 'The shop needs the bindings DB, LOGIN and PAY: see wrangler.toml.'

/** The phone names no product and no price. */
const TEA = { product: 'tea', description: '一杯茶', total: 1 }

/**
 * `POST /orders` answers `{"outTradeNo","parameters"}`, and `GET /orders/:outTradeNo` answers
 * `{"outTradeNo","state"}`. Both want the token of the user; failures are problem details.
 */
export async function handleShop(request: Request, bindings: object): Promise<Response> {
  const env = findShop(bindings)
  if (!env) return misconfigured()
  const { pathname } = new URL(request.url)
  const [, outTradeNo] = /^\/orders\/(\w{32})$/.exec(pathname) ?? []
  const isPurchase = request.method === 'POST' && pathname === '/orders'
  const isQuestion = request.method === 'GET' && outTradeNo !== undefined
  if (!isPurchase && !isQuestion) return notFound()
  const verified = await env.LOGIN.verify(readToken(request))
  if (!verified.ok) return problem(verified.error)
  return isQuestion ? answerState(env, verified.session, outTradeNo) : buyTea(env, verified.session)
}

async function buyTea(env: ShopEnv, session: RpcSession): Promise<Response> {
  const { product, description, total } = TEA
  const { userId, appid, openid } = session
  const payer = { appid, openid }
  const order = await openOrder(env.DB, { userId, ...payer, product, total })
  const { outTradeNo, createdAt } = order
  // The same for each tap, because WeChat Pay refuses a known number with other fields.
  const expiresAt = new Date((createdAt + PAYABLE_SECONDS) * 1000).toISOString()
  const fields = { ...payer, outTradeNo, description, total, expiresAt }
  const placed = await env.PAY.createPayment(fields)
  if (placed.ok) return Response.json({ outTradeNo, parameters: placed.parameters })
  // The next tap then opens a new order, or learns that this one is paid.
  if (placed.error.code === 'order_closed') await recordClosing(env.DB, outTradeNo)
  if (placed.error.code === 'order_paid') await refreshOrder(env, order)
  return problem(placed.error)
}

async function answerState(
  env: ShopEnv,
  { userId }: RpcSession,
  outTradeNo: string,
): Promise<Response> {
  const order = await findOrder(env.DB, outTradeNo)
  if (order?.userId !== userId) return notFound()
  const { state } = await refreshOrder(env, order)
  return Response.json({ outTradeNo, state })
}

function readToken(request: Request): string {
  const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.get('Authorization') ?? '') ?? []
  return token
}

function notFound(): Response {
  const detail = 'There is no such path, or the user has no such order.'
  return problem({
    status: 404,
    title: 'Not found',
    code: 'not_found',
    action: 'fix_request',
    detail,
  })
}

function misconfigured(): Response {
  return problem({
    status: 500,
    title: 'Server misconfigured',
    code: 'misconfigured',
    action: 'stop',
    detail: NO_SHOP,
  })
}

/** What the client of code2session reads of a failure. */
type Failure = Pick<ProblemDetails<string>, 'status' | 'title' | 'code' | 'action' | 'detail'>

function problem(failure: Failure): Response {
  const challenge = failure.status === 401 && { 'WWW-Authenticate': 'Bearer' }
  const headers = { 'Content-Type': 'application/problem+json', ...challenge }
  return Response.json(failure, { status: failure.status, headers })
}
