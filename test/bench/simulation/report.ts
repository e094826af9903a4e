/** The tables of docs/performance.md, in both languages. */

import { toBill } from './bill.ts'
import type { Day } from './day.ts'
import type { Simulation, Way } from './worker.ts'

export type Language = 'en' | 'zh'

const USERS = 10_000_000

const WAYS = {
  asked: 'introspection each time, or a gateway',
  keptByMany: 'responses kept 30 s, 8 processes in turn',
  kept: 'responses kept 30 s, one process a user',
  JWT: 'JWT access tokens, verified by backends',
} satisfies Record<Way, string>

const CHINESE: Readonly<Record<string, string>> = {
  operation: '操作',
  'waits, in sequence': '依次等待',
  ms: '毫秒',
  'ms, session read lately': '毫秒，会话刚被读过',
  'login without a session': '没有会话时登录',
  'login that ends a live session': '登录并结束原会话',
  'login with a hook': '有钩子时登录',
  check: '检查会话',
  introspection: '自省',
  gateway: '网关',
  decryption: '解密',
  'JWT access token': '签发 JWT access token',
  'phone number': '手机号',
  'reset of the session_key': '重置 session_key',
  'list of devices': '设备列表',
  'log-out': '退出登录',
  'log-out of another device': '退出另一设备',
  'log-out of two devices': '退出两台设备',
  'pushed event with Queue and hook': '有 Queue 和钩子时的消息推送',
  'KV read': 'KV 读',
  'KV read + WeChat': 'KV 读 + 微信',
  'KV write': 'KV 写',
  'KV delete': 'KV 删除',
  'KV list': 'KV 列表',
  WeChat: '微信',
  Queue: 'Queue',
  hook: '钩子',
  'how backends learn whose a token is': '后端如何得知令牌属于谁',
  [WAYS.asked]: '每次自省，或用网关',
  [WAYS.keptByMany]: '缓存 30 秒，8 个进程轮流处理',
  [WAYS.kept]: '缓存 30 秒，每个用户固定一个进程',
  [WAYS.JWT]: '后端自行验证 JWT access token',
  'requests in the peak second': '峰值每秒请求',
  requests: '请求',
  'KV reads': 'KV 读',
  'KV writes, deletes, lists': 'KV 写、删除、列表',
  rest: '其余',
  'a month': '每月',
  'server: busy cores': '服务器：繁忙核数',
  'server: a month': '服务器：每月',
}

/** The tables by the names of their markers. */
export function toTables(simulation: Simulation, language: Language): Record<string, string> {
  const translate = (text: string) => (language === 'en' ? text : (CHINESE[text] ?? text))
  const toTable = (head: readonly string[], rows: readonly (readonly string[])[]) => {
    const [first, ...others] = [head, ...rows].map((cells) => {
      return `| ${cells.map(translate).join(' | ')} |`
    })
    return [first, `|${'---|'.repeat(head.length)}`, ...others].join('\n')
  }
  return {
    'simulated-waits': toTable(
      ['operation', 'waits, in sequence', 'ms', 'ms, session read lately'],
      simulation.waits.map(({ operation, sequence, cold, hot }) => {
        return [operation, sequence.map(translate).join(' → '), String(cold), String(hot)]
      }),
    ),
    'simulated-bill': toTable(
      [
        'how backends learn whose a token is',
        'requests in the peak second',
        'requests',
        'KV reads',
        'KV writes, deletes, lists',
        'rest',
        'a month',
        'server: busy cores',
        'server: a month',
      ],
      simulation.days.map(({ way, day }) => [WAYS[way], ...listCosts(day)]),
    ),
  }
}

function listCosts(day: Day): string[] {
  const { peakSecond, dollars, total, busyCores, server } = toBill(day, USERS)
  const parts = [...Object.values(dollars), total].map(toDollars)
  return [toFigure(peakSecond), ...parts, toFigure(busyCores), toDollars(server)]
}

function toDollars(value: number): string {
  return `$${Math.round(value).toLocaleString('en-US')}`
}

/** Three significant digits. */
function toFigure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US')
}
