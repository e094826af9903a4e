/** The step behind each button: what the phone does. What it is called and means is in texts/. */

import { BACKEND_STEPS } from './backend-steps.js'
import { texts } from './language.js'
import { PAYMENT_STEPS } from './payment-steps.js'
import { phone } from './phone.js'

const FIVE_MINUTES = 300
const WEEK = 7 * 24 * 3600
const SLOW_MILLISECONDS = 800
/** The user whom the sandbox's login hook denies. */
const BLOCKED_USER = 'mallory'

/**
 * `run` does the step, and returns the responses that decide whether it succeeded. If they are all
 * good, it means `done`; `lead` is said in any case, and `next` names a step that should follow.
 * Steps with `needsLogin` fail with session_required while the phone has no token. `first` is who is
 * at the first lifeline, if that is not the mini program alone. A step with `isPayment` is about the
 * payments Worker and WeChat Pay.
 */
export const GROUPS = [
  {
    id: 'session',
    steps: [
      {
        id: 'login',
        async run({ done }) {
          const { code } = await phone.wx('wx.login')
          return { responses: [await phone.login(code)], done }
        },
      },
      {
        id: 'session',
        needsLogin: true,
        async run({ done }) {
          return { responses: [await phone.request('GET', '/session')], done }
        },
      },
      {
        id: 'twice',
        async run({ slow, done, apart }) {
          const { code } = await phone.wx('wx.login')
          await phone.sandbox('slow', { milliseconds: SLOW_MILLISECONDS })
          phone.note('wechat', slow)
          const request = ['POST', '/login', { body: { code }, token: phone.stored.token }]
          const responses = await phone.send(request, request)
          const [first, second] = responses
          if (first.ok) phone.store(first.body)
          const isShared = first.ok && first.body.token === second.body.token
          return { responses, done: isShared ? done : apart }
        },
      },
      {
        id: 'second',
        async run({ done }) {
          const { code } = await phone.wx('wx.login')
          return { responses: await phone.send(['POST', '/login', { body: { code } }]), done }
        },
      },
      {
        id: 'devices',
        needsLogin: true,
        async run({ done }) {
          const response = await phone.request('GET', '/sessions')
          return { responses: [response], done: done(response.body?.sessions?.length ?? 0) }
        },
      },
      {
        id: 'logout',
        needsLogin: true,
        async run({ done }) {
          const response = await phone.request('DELETE', '/session')
          if (response.ok) phone.clear()
          return { responses: [response], done, next: 'login' }
        },
      },
      {
        id: 'logoutAll',
        needsLogin: true,
        async run({ done }) {
          const response = await phone.request('DELETE', '/sessions')
          if (response.ok) phone.clear()
          return { responses: [response], done, next: 'login' }
        },
      },
    ],
  },
  {
    id: 'openData',
    steps: [
      {
        id: 'userInfo',
        needsLogin: true,
        async run({ done }) {
          const { rawData, signature, encryptedData, iv } = await phone.wx('wx.getUserInfo')
          const verified = await phone.request('POST', '/open-data/verify', { rawData, signature })
          const opened = await phone.request('POST', '/open-data/decrypt', { encryptedData, iv })
          return { responses: [verified, opened], done }
        },
      },
      {
        id: 'phoneNumber',
        needsLogin: true,
        async run({ done }) {
          const { code, encryptedData, iv } = await phone.wx('getPhoneNumber')
          const body = { code, encryptedData, iv }
          return { responses: [await phone.request('POST', '/phone-number', body)], done }
        },
      },
      {
        id: 'weRun',
        needsLogin: true,
        async run({ done }) {
          const { encryptedData, iv } = await phone.wx('wx.getWeRunData')
          const body = { encryptedData, iv }
          return { responses: [await phone.request('POST', '/open-data/decrypt', body)], done }
        },
      },
      {
        id: 'check',
        needsLogin: true,
        async run({ done, stale }) {
          const response = await phone.request('POST', '/session/check', {})
          return response.body?.valid === false
            ? { responses: [response], done: stale, next: 'login' }
            : { responses: [response], done }
        },
      },
    ],
  },
  { id: 'backend', steps: BACKEND_STEPS },
  { id: 'payments', steps: PAYMENT_STEPS },
  {
    id: 'failures',
    steps: [
      {
        id: 'rotate',
        async run({ changed, done }) {
          await phone.sandbox('rotate', {})
          phone.note('wechat', changed)
          return { responses: [], done, next: phone.stored.token ? 'userInfo' : 'login' }
        },
      },
      {
        id: 'wait',
        needsLogin: true,
        async run({ done }) {
          const { code } = await phone.wx('wx.login')
          const { encryptedData, iv } = await phone.wx('wx.getWeRunData')
          await phone.skip(FIVE_MINUTES + 1)
          const login = await phone.login(code)
          const opened = await phone.request('POST', '/open-data/decrypt', { encryptedData, iv })
          return { responses: [login, opened], done }
        },
      },
      {
        id: 'week',
        needsLogin: true,
        async run({ done }) {
          await phone.skip(WEEK)
          return { responses: [await phone.request('GET', '/session')], done, next: 'login' }
        },
      },
      {
        id: 'used',
        async run({ done }) {
          const { code } = await phone.wx('wx.login')
          return { responses: [await phone.login(code), await phone.login(code)], done }
        },
      },
      {
        id: 'busy',
        async run({ done }) {
          await phone.sandbox('fail', { errcode: -1, times: 3, errmsg: 'system error' })
          const { code } = await phone.wx('wx.login')
          const { body } = await phone.login(code)
          const again = await phone.login(code)
          return { responses: [again], done: texts.error(body?.code, done) }
        },
      },
      {
        id: 'denied',
        async run({ done, allowed }) {
          const { code } = await phone.wx('wx.login', { user: BLOCKED_USER })
          const [response] = await phone.send(['POST', '/login', { body: { code } }])
          const isDenied = response.body?.code === 'login_denied'
          return { responses: [], done: isDenied ? done : allowed }
        },
      },
      {
        id: 'withdraw',
        needsLogin: true,
        async run({ pushed, done }) {
          await phone.push('push', {})
          return { responses: [await phone.request('GET', '/session')], lead: pushed, done }
        },
      },
    ],
  },
]

/** What a response with an error means. */
export function explainError({ body }) {
  const { code, detail = texts.refused } = body ?? {}
  return texts.error(code, texts.errors[code] ?? detail)
}
