/** An order of the payments Worker, measured in turns with a bare Worker that signs and fetches. */

import { join } from 'node:path'
import { PAY_SETTINGS } from '../support/wechat-pay.ts'
import { load, requestText, type Slice, send } from './load.ts'
import { cpuTime, type Server, startNode, startWorkerd } from './servers.ts'
import { type Spread, spread } from './stats.ts'

export interface MeasuredOrders {
  readonly kind: 'bare' | 'ours'
  readonly requestsPerSecond: Spread
  readonly p50: Spread
  /** Processor time of the server's process per request, in milliseconds. */
  readonly cpu: number
}

const SERVICE_KEY = 'p'.repeat(32)
const CONNECTIONS = 16

/** Measures both in every round. Workerd serves them. */
export async function measureOrders(
  codes: { bare: string; ours: string },
  { rounds, milliseconds }: { rounds: number; milliseconds: number },
): Promise<MeasuredOrders[]> {
  const wechatPay = await startNode(join(import.meta.dirname, 'wechat-pay.ts'), {})
  const base = `http://127.0.0.1:${wechatPay.port}`
  const bindings = { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: base, SERVICE_KEYS: SERVICE_KEY }
  const servers: Server[] = [wechatPay]
  try {
    const cells = []
    for (const kind of ['bare', 'ours'] as const) {
      const server = await startWorkerd(codes[kind], bindings)
      servers.unshift(server)
      await checkAnswer(server)
      cells.push({ kind, server, slices: [] as Slice[], cpu: 0 })
    }
    // Round 0 warms up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
        const before = cpuTime(cell.server) ?? Number.NaN
        const slice = await load(cell.server.port, nextOrder, {
          ...{ connections: CONNECTIONS, milliseconds },
        })
        if (round === 0) continue
        cell.slices.push(slice)
        cell.cpu += (cpuTime(cell.server) ?? Number.NaN) - before
      }
    }
    return cells.map(({ kind, slices, cpu }) => ({
      kind,
      requestsPerSecond: spread(slices.map((slice) => slice.requestsPerSecond)),
      p50: spread(slices.map((slice) => slice.p50)),
      cpu: cpu / slices.reduce((sum, slice) => sum + slice.requests, 0),
    }))
  } finally {
    for (const server of servers) await server.close()
  }
}

let orders = 0

function nextOrder(): string {
  return requestText('POST', '/payments', {
    headers: { Authorization: `Bearer ${SERVICE_KEY}` },
    json: {
      ...{ appid: 'wxd678efh567hg6787', openid: 'oBench', outTradeNo: `BENCH${orders++}00000` },
      ...{ description: 'A cup of tea', total: 100 },
    },
  })
}

async function checkAnswer(server: Server): Promise<void> {
  const { status, body } = await send(server.port, nextOrder())
  if (status !== 200 || !body.includes('"paySign":"')) {
    throw new Error(`an order was answered with ${status}: ${body}`)
  }
}
