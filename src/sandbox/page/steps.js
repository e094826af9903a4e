/** Every button: what it does, and what the answer means. */

import { phone } from './phone.js'

const FIVE_MINUTES = 300
const WEEK = 7 * 24 * 3600

/** What a refusal means, and what the phone does about it. */
const REFUSALS = {
  session_required: 'The phone has no token to send. Press wx.login first.',
  session_invalid:
    'This session has ended. The phone forgets its token; press wx.login for a new one.',
  session_key_stale:
    'The data was made under a newer key than this session has. Press wx.login, then fetch the data again, in this order.',
  code_used: 'WeChat takes a code once. A fresh wx.login gives a fresh code.',
  code_invalid: 'WeChat no longer knows the code: it is older than five minutes.',
  watermark_expired:
    'The data opened, but its watermark is older than five minutes: too old to trust.',
}

export function meaningOf({ body }) {
  return `${body?.code}: ${REFUSALS[body?.code] ?? body?.detail ?? 'The Worker refused.'}`
}

/**
 * `play` does it, and tells which replies decide, what it means if they are all `good`, and what to
 * press `next` if it matters. What a refusal means is above; `lead` says more.
 */
export const GROUPS = [
  {
    name: 'Session',
    presses: [
      {
        id: 'login',
        name: 'wx.login',
        hint: 'A code, exchanged for a token',
        async play() {
          const { code } = await phone.wx('wx.login')
          const reply = await phone.login(code)
          return {
            replies: [reply],
            good: 'The phone holds a token that means nothing to anybody else. What WeChat told the Worker, openid and session_key, went no further.',
          }
        },
      },
      {
        id: 'session',
        name: 'Am I logged in?',
        hint: 'One read of KV',
        async play() {
          const reply = await phone.ask('GET', '/session')
          return {
            replies: [reply],
            good: 'The token opened its record in KV. The userId is a hash: safe to show, and not the openid.',
          }
        },
      },
      {
        id: 'twice',
        name: 'Log in twice at once',
        hint: 'One code in two requests',
        async play() {
          const { code } = await phone.wx('wx.login')
          await phone.sandbox('slow', { milliseconds: 800 })
          phone.note('wechat', 'takes its time')
          const request = ['POST', '/login', { body: { code }, token: phone.held.token }]
          const replies = await phone.send(request, request)
          const [one, two] = replies
          if (one.ok) phone.keep(one.body)
          const isSame = one.ok && one.body.token === two.body.token
          return {
            replies,
            good: isSame
              ? 'Two requests, one exchange, one session: both answers carry the same token.'
              : 'Two requests, two sessions: they did not arrive at once.',
          }
        },
      },
      {
        id: 'second',
        name: 'Log in on another phone',
        hint: 'The same person, a new session',
        async play() {
          const { code } = await phone.wx('wx.login')
          const replies = await phone.send(['POST', '/login', { body: { code } }])
          return {
            replies,
            good: 'A session of its own for the same person. This phone’s session goes on. Press Devices to see both.',
          }
        },
      },
      {
        id: 'devices',
        name: 'Devices',
        hint: 'Where this person is logged in',
        async play() {
          const reply = await phone.ask('GET', '/sessions')
          const count = reply.ok ? reply.body.sessions.length : 0
          return {
            replies: [reply],
            good: `${count === 1 ? 'One session' : `${count} sessions`} of this person; “current” is the one that asks. Any can be ended by its id.`,
          }
        },
      },
      {
        id: 'logout',
        name: 'Log out',
        hint: 'This session ends',
        async play() {
          const reply = await phone.ask('DELETE', '/session')
          if (reply.ok) phone.forget()
          return {
            replies: [reply],
            good: 'The record is gone from KV, and the phone has forgotten its token.',
            next: 'login',
          }
        },
      },
      {
        id: 'logoutAll',
        name: 'Log out everywhere',
        hint: 'All of this person’s sessions end',
        async play() {
          const reply = await phone.ask('DELETE', '/sessions')
          if (reply.ok) phone.forget()
          return {
            replies: [reply],
            good: 'One list by the person’s key prefix, and every record is gone from KV.',
            next: 'login',
          }
        },
      },
    ],
  },
  {
    name: 'Open data',
    presses: [
      {
        id: 'userInfo',
        name: 'Get user info',
        hint: 'Signed, encrypted, and opened',
        async play() {
          const { rawData, signature, encryptedData, iv } = await phone.wx('wx.getUserInfo')
          const verified = await phone.ask('POST', '/open-data/verify', { rawData, signature })
          const opened = await phone.ask('POST', '/open-data/decrypt', { encryptedData, iv })
          return {
            replies: [verified, opened],
            good: 'Signature and data fit this session’s key. The plaintext had an openId and a watermark in it: checked, and kept back.',
          }
        },
      },
      {
        id: 'phoneNumber',
        name: 'Phone number',
        hint: 'The phone button',
        async play() {
          const { code, encryptedData, iv } = await phone.wx('getPhoneNumber')
          const reply = await phone.ask('POST', '/phone-number', { code, encryptedData, iv })
          return {
            replies: [reply],
            good: 'The Worker asked WeChat for the number under its access_token, which it keeps sealed in KV. This code is of another kind than that of wx.login.',
          }
        },
      },
      {
        id: 'weRun',
        name: 'WeRun steps',
        hint: 'Thirty-one days, encrypted',
        async play() {
          const { encryptedData, iv } = await phone.wx('wx.getWeRunData')
          const reply = await phone.ask('POST', '/open-data/decrypt', { encryptedData, iv })
          return {
            replies: [reply],
            good: 'Opened with the session_key from KV; WeChat was not asked. The phone got the steps, not the key.',
          }
        },
      },
      {
        id: 'check',
        name: 'Is the key current?',
        hint: 'What wx.checkSession tells',
        async play() {
          const reply = await phone.ask('POST', '/session/check', {})
          return reply.body?.valid === false
            ? {
                replies: [reply],
                good: 'No: WeChat has a newer key, and new data would not open. Press wx.login.',
                next: 'login',
              }
            : { replies: [reply], good: 'Yes: data fetched now will open.' }
        },
      },
    ],
  },
  {
    name: 'What goes wrong',
    presses: [
      {
        id: 'rotate',
        name: 'Rotate the key',
        hint: 'As a wx.login elsewhere does',
        async play() {
          await phone.sandbox('rotate', {})
          phone.note('wechat', 'has a new session_key for this person')
          return {
            replies: [],
            good: 'Nobody told the Worker, which still has the old key. Press Get user info to see it notice.',
            next: 'userInfo',
          }
        },
      },
      {
        id: 'wait',
        name: 'Wait five minutes',
        hint: 'A code and data grow old',
        async play() {
          const { code } = await phone.wx('wx.login')
          const { encryptedData, iv } = await phone.wx('wx.getWeRunData')
          await phone.sandbox('clock', { skip: FIVE_MINUTES + 1 })
          phone.note('all', 'five minutes and a second pass')
          const login = await phone.login(code)
          const opened = await phone.ask('POST', '/open-data/decrypt', { encryptedData, iv })
          return { replies: [login, opened], good: 'Both were still good.' }
        },
      },
      {
        id: 'week',
        name: 'Wait a week',
        hint: 'A session ends by itself',
        async play() {
          await phone.sandbox('clock', { skip: WEEK })
          phone.note('all', 'seven days pass')
          const reply = await phone.ask('GET', '/session')
          return { replies: [reply], good: 'The session still lives.', next: 'login' }
        },
      },
      {
        id: 'used',
        name: 'Send a code twice',
        hint: 'One after the other this time',
        async play() {
          const { code } = await phone.wx('wx.login')
          const first = await phone.login(code)
          const second = await phone.login(code)
          return { replies: [first, second], good: 'Both were taken.' }
        },
      },
      {
        id: 'busy',
        name: 'WeChat is busy',
        hint: 'It answers -1 three times',
        async play() {
          await phone.sandbox('fail', { errcode: -1, times: 3, errmsg: 'system error' })
          const { code } = await phone.wx('wx.login')
          const refused = await phone.login(code)
          const again = await phone.login(code)
          return {
            replies: [again],
            good: `${refused.body?.code}: the Worker asked three times, then said retry_later. A code that WeChat was too busy for is unspent, so the same request worked when it was sent again.`,
          }
        },
      },
      {
        id: 'withdraw',
        name: 'The user withdraws',
        hint: 'WeChat pushes an event',
        async play() {
          await phone.sandbox('push', {})
          const reply = await phone.ask('GET', '/session')
          const lead = ['WeChat’s push, signed and sealed, ended every session of this person.']
          return { replies: [reply], lead, good: 'The session still lives.' }
        },
      },
    ],
  },
]
