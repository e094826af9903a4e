/** A shop of one product over HTTP, for the example mini program. */

import type { LoginServiceMethods, ProblemDetails, RpcSession } from 'code2session'
import {
  ASK_SECONDS,
  findOrder,
  openOrder,
  PAYABLE_SECONDS,
  recordClosing,
  takeTurn,
} from './orders'
import { type PaymentsEnv, refreshOrder } from './payments'

export interface ShopEnv extends PaymentsEnv {
  /** The entrypoint `LoginService` of the login Worker. */
  readonly LOGIN: LoginServiceMethods
  /** Requests to the shop, per user. */
  readonly USER_LIMIT: RateLimit
}

/** The bindings of the shop; `null` in a Worker for hooks alone, which lacks some. */
export function findShop({ DB, LOGIN, PAY, USER_LIMIT }: Partial<ShopEnv>): ShopEnv | null {
  return DB && LOGIN && PAY && USER_LIMIT ? { DB, LOGIN, PAY, USER_LIMIT } : null
}

export const NO_SHOP =
  'The shop needs the bindings DB, LOGIN, PAY and USER_LIMIT: see wrangler.toml.'

/** The period of USER_LIMIT. */
const LIMIT_SECONDS = 60

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
  const { success } = await env.USER_LIMIT.limit({ key: verified.session.userId })
  if (!success) return rateLimited(LIMIT_SECONDS)
  return isQuestion ? answerState(env, verified.session, outTradeNo) : buyTea(env, verified.session)
}

async function buyTea(env: ShopEnv, session: RpcSession): Promise<Response> {
  const { product, description, total } = TEA
  const { userId, appid, openid } = session
  const payer = { appid, openid }
  const order = await openOrder(env.DB, { userId, ...payer, product, total })
  const { outTradeNo, createdAt } = order
  if (!(await takeTurn(env.DB, outTradeNo))) return rateLimited(ASK_SECONDS)
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
  const isUnpaid = order.state === 'unpaid'
  if (isUnpaid && !(await takeTurn(env.DB, outTradeNo))) return rateLimited(ASK_SECONDS)
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

/** The client of code2session repeats the request by itself, if that is within 5 seconds. */
function rateLimited(seconds: number): Response {
  const failure = {
    status: 429,
    title: 'Too many requests',
    code: 'rate_limited',
    action: 'retry_later',
    detail: 'The shop limits how often a user may ask it.',
  } as const
  return problem(failure, { 'Retry-After': String(seconds) })
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

function problem(failure: Failure, more: HeadersInit = {}): Response {
  const challenge = failure.status === 401 && { 'WWW-Authenticate': 'Bearer' }
  const headers = { 'Content-Type': 'application/problem+json', ...challenge, ...more }
  return Response.json(failure, { status: failure.status, headers })
}
