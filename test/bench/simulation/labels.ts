/** The words and the numbers of the tables, in both languages of the documents. */

import type { RequestKind } from './pattern.ts'

export type Language = 'en' | 'zh'
export type Labels = typeof ENGLISH

const ENGLISH = {
  requests: {
    'login, first': 'login without a session',
    'login, instead of a live session': 'login that ends a live session',
    introspection: 'introspection',
    decryption: 'decryption',
    'phone number': 'phone number',
    'device list': 'list of devices',
    'log-out': 'log-out',
    'pushed event': 'pushed event',
  } satisfies Record<RequestKind, string>,
  dayHead: ['per user and day', 'requests', 'KV reads', 'writes', 'deletes', 'lists', 'WeChat'],
  sum: 'sum',
  keptHead: ['responses that the backend caches', 'introspections per user and day'],
  keeping: (seconds: number, processes: number) => {
    if (seconds === 0) return 'none'
    if (processes === 1) return `for ${seconds} s, one process per user`
    return `for ${seconds} s, ${processes} processes in turn`
  },
  amount: 'a day; peak second',
  semicolon: '; ',
  perUser: 'per user',
  users: (count: number) => `${toCount(count, 'en')} users`,
  logins: 'logins',
  introspections: 'introspections',
  decryptions: 'decryptions',
  allRequests: 'all requests',
  kvReads: 'KV reads',
  kvWrites: 'KV writes',
  kvDeletes: 'KV deletes',
  kvLists: 'KV lists',
  code2Session: 'code2Session',
  phoneNumbers: 'getuserphonenumber',
  storage: 'KV storage',
  month: 'a month',
  bill: {
    requests: 'requests to the Worker',
    cpu: 'processor time',
    kvReads: 'KV reads',
    kvChanges: 'KV writes, deletes, lists',
    storage: 'KV storage',
    logs: 'Workers Logs',
    queue: 'Queue',
    total: 'total, with the $5 of the plan',
    withoutLogs: 'total without logs',
    keptWithoutLogs: 'the same, responses cached, one process per user',
  },
  since: 'seconds since the log-out',
  seconds: (from: number, to: number) => `${from} to ${to}`,
  here: 'same location',
  elsewhere: 'another location',
  delays: (where: string, staleness: number, keep: number) =>
    [where, staleness > 0 && `KV ${staleness} s`, keep > 0 && `responses cached ${keep} s`]
      .filter(Boolean)
      .join(', '),
  last: 'last accepted second',
  none: 'none',
}

const CHINESE: Labels = {
  requests: {
    'login, first': '没有会话时登录',
    'login, instead of a live session': '登录并结束原会话',
    introspection: '自省',
    decryption: '解密',
    'phone number': '手机号',
    'device list': '设备列表',
    'log-out': '退出登录',
    'pushed event': '消息推送',
  },
  dayHead: ['每个用户每天', '请求', 'KV 读', 'KV 写', 'KV 删除', 'KV 列表', '微信调用'],
  sum: '合计',
  keptHead: ['后端的缓存方式', '每个用户每天的自省次数'],
  keeping: (seconds, processes) => {
    if (seconds === 0) return '不缓存'
    if (processes === 1) return `缓存 ${seconds} 秒，每个用户固定由一个进程处理`
    return `缓存 ${seconds} 秒，${processes} 个进程轮流处理`
  },
  amount: '每天；峰值每秒',
  semicolon: '；',
  perUser: '每个用户',
  users: (count) => `${toCount(count, 'zh')}用户`,
  logins: '登录',
  introspections: '自省',
  decryptions: '解密',
  allRequests: '全部请求',
  kvReads: 'KV 读',
  kvWrites: 'KV 写',
  kvDeletes: 'KV 删除',
  kvLists: 'KV 列表',
  code2Session: 'code2Session',
  phoneNumbers: 'getuserphonenumber',
  storage: 'KV 存储',
  month: '每月',
  bill: {
    requests: 'Worker 请求',
    cpu: '处理器时间',
    kvReads: 'KV 读',
    kvChanges: 'KV 写、删除、列表',
    storage: 'KV 存储',
    logs: 'Workers Logs',
    queue: 'Queue',
    total: '合计（含套餐 $5）',
    withoutLogs: '合计，不含日志',
    keptWithoutLogs: '同上，后端缓存自省结果，每个用户固定由一个进程处理',
  },
  since: '退出后的秒数',
  seconds: (from, to) => `${from} 到 ${to}`,
  here: '同一地点',
  elsewhere: '其他地点',
  delays: (where, staleness, keep) =>
    [where, staleness > 0 && `KV ${staleness} 秒`, keep > 0 && `后端缓存 ${keep} 秒`]
      .filter(Boolean)
      .join('，'),
  last: '最后一次被接受的秒数',
  none: '无',
}

export const LABELS: Readonly<Record<Language, Labels>> = { en: ENGLISH, zh: CHINESE }

const UNITS: Readonly<Record<Language, readonly [number, string][]>> = {
  en: [[1e6, ' million']],
  zh: [
    [1e8, ' 亿'],
    [1e4, ' 万'],
  ],
}

/** A count with three significant digits. */
export function toCount(value: number, language: Language): string {
  const [size, unit] = UNITS[language].find(([size]) => value >= size) ?? [1, '']
  const scaled = Number((value / size).toPrecision(3))
  return `${scaled.toLocaleString('en-US')}${unit}`
}

export function toDollars(value: number): string {
  return `$${Math.round(value).toLocaleString('en-US')}`
}

export function toPercent(share: number): string {
  return `${Math.round(share * 100)} %`
}

export function toBytes(gigabytes: number): string {
  return gigabytes < 1
    ? `${Math.round(gigabytes * 1000)} MB`
    : `${Number(gigabytes.toPrecision(3))} GB`
}
