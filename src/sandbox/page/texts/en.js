/** The page in English. zh-CN.js has the same members. */

export const en = {
  language: 'en',
  page: {
    title: 'code2session: watch page',
    intro:
      'Each button does what a phone or a backend does. The diagram shows every request to and from this Worker, with a sandbox in place of WeChat.',
    colours: 'Colours',
    serverOnly: 'stays on the server',
    token: 'the phone’s token',
    error: 'an error',
    steps: 'Buttons of the phone and the backend',
    diagram: 'The latest requests',
    result: 'Result',
    empty: 'Nothing has happened yet.',
    earlier: 'Earlier',
    state: 'What each side has',
  },
  panels: { phone: 'On the phone', server: 'On the server only', kv: 'In KV, encrypted' },
  allSteps: 'All buttons',
  parties: {
    phone: 'Mini program',
    backend: 'Your backend',
    both: 'Phone, backend',
    worker: 'Worker',
    wechat: 'WeChat',
  },
  arrow: (from, to) => `${from} to ${to}: `,
  characters: (count) => `${count.toLocaleString('en')} characters`,
  textField: 'text',
  picture: 'The mini-program code',
  customerMessage: 'Where is my order?',
  reads: (text) => `reads the reply: ${text}`,

  start: 'Start with wx.login.',
  running: 'is running…',
  next: 'Next: ',
  needsLogin: 'needs wx.login',
  sentences: (list) => list.join(' '),
  noResponse: 'There is no response. Is npm run dev still running?',

  nothing: 'Nothing yet.',
  onlyAppSecret: 'Only the AppSecret so far.',
  noLeaks: (responses) => `None of these is in the ${responses} responses that the phone received.`,
  leaks: (count) => `${count} of these reached the phone!`,
  bytes: (count) => `${count} bytes`,
  created: (time) => `created ${time}`,
  expires: (time) => `expires ${time}`,
  expired: 'expired, not deleted yet',
  more: (count) => `and ${count} more`,
  clock: 'Clock of the Worker and WeChat: ',
  ahead: (duration) => `, ${duration} ahead of the real time`,
  units: { day: ' d', hour: ' h', minute: ' min', second: ' s' },
  clockSet: (duration, time) => `The clock goes forward by ${duration} to ${time}`,

  groups: {
    session: 'Session',
    openData: 'Open data',
    backend: 'Your backend',
    failures: 'What can go wrong',
  },
  steps: {
    login: {
      name: 'wx.login',
      hint: 'Exchange a code for a token',
      done: 'The phone gets a token and nothing else. WeChat sends openid and session_key to the Worker, and they go no further.',
    },
    session: {
      name: 'Am I logged in?',
      hint: 'One read from KV',
      done: 'The Worker decrypted the record in KV with the token. The userId is a hash and not the openid, so the phone may have it.',
    },
    twice: {
      name: 'Log in twice at once',
      hint: 'One code in two requests',
      slow: 'responds after 800 ms',
      done: 'Two requests led to one exchange and one session: both responses have the same token.',
      apart: 'The two requests did not overlap, so each led to a session.',
    },
    second: {
      name: 'Log in on another phone',
      hint: 'Same user, new session',
      done: 'The other phone has a session of its own. The session of this phone goes on. “Devices” shows both.',
    },
    devices: {
      name: 'Devices',
      hint: 'All sessions of this user',
      done: (count) =>
        `This user has ${count === 1 ? '1 session' : `${count} sessions`}. “current” marks the session that asked. Each can be ended by its id.`,
    },
    logout: {
      name: 'Log out',
      hint: 'End this session',
      done: 'The Worker deleted the record from KV, and the phone deleted its token.',
    },
    logoutAll: {
      name: 'Log out everywhere',
      hint: 'End all sessions of this user',
      done: 'The Worker listed this user’s records by their key prefix and deleted all of them.',
    },
    userInfo: {
      name: 'Get user info',
      hint: 'Verify and decrypt it',
      done: 'The signature and the data match the session_key of this session. The Worker checked openId and watermark and left them out of its response.',
    },
    phoneNumber: {
      name: 'Phone number',
      hint: 'The getPhoneNumber button',
      done: 'The Worker got the number from WeChat with its access_token, which is encrypted in KV. This code is of another kind than the code of wx.login.',
    },
    weRun: {
      name: 'WeRun steps',
      hint: 'Encrypted data of 31 days',
      done: 'The Worker decrypted the data with the session_key from KV, without a call to WeChat. The phone received the steps and not the key.',
    },
    check: {
      name: 'Is the key current?',
      hint: 'Like wx.checkSession',
      done: 'Yes: data that the phone gets now can be decrypted.',
      stale: 'No: WeChat has a newer session_key, so new data cannot be decrypted. Press wx.login.',
    },
    pay: {
      name: 'Virtual payment',
      hint: 'Sign, pay, deliver',
      gives: 'The backend gives the signature to the mini program.',
      done: 'The Worker signed the order with the session_key, and WeChat accepted the signature. Then WeChat pushed a notice of the purchase; the hook onEvent delivered the goods, and the Worker encrypted its answer.',
    },
    keys: {
      name: 'Encryption keys',
      hint: 'The same on both sides',
      done: 'The backend and the mini program have the same key, so they can encrypt for each other.',
      differ: 'The keys of the backend and of the mini program differ.',
    },
    picture: {
      name: 'Mini-program code',
      hint: 'Any other call of WeChat’s API',
      done: 'The Worker passed the request on with its access_token, and passed WeChat’s picture back. The backend never has the access_token.',
    },
    revoke: {
      name: 'Revoke a token',
      hint: 'The backend ends a session',
      lead: 'The backend revoked the token of this session.',
      done: 'The session is still valid.',
    },
    customerMessage: {
      name: 'Write to customer service',
      hint: 'WeChat pushes the message',
      done: 'The hook had no answer, so the Worker replied transfer_customer_service: the message goes to the customer service desk.',
      silent: 'The Worker did not pass the message on to customer service.',
    },
    unanswered: {
      name: 'Unanswered purchase',
      hint: 'No hook knows the product',
      done: 'Only your code can say that goods are delivered. The hook did not, so the Worker answered 503, and WeChat sends the notice again.',
      answered: 'The Worker answered the notice.',
    },
    denied: {
      name: 'A blocked user logs in',
      hint: 'The hook onLogin denies it',
      done: 'The hook onLogin denied the user, so the Worker stored no session. Other users get claims from the hook.',
      allowed: 'The user was let in.',
    },
    rotate: {
      name: 'Change the session_key',
      hint: 'As a wx.login elsewhere can',
      changed: 'has a new session_key for this user',
      done: 'WeChat does not announce the change, so the Worker has the old session_key until the next login. New data cannot be decrypted with it.',
    },
    wait: {
      name: 'Wait five minutes',
      hint: 'Code and data expire',
      done: 'Both requests succeeded.',
    },
    week: { name: 'Wait a week', hint: 'A session expires', done: 'The session is still valid.' },
    used: {
      name: 'Send a code twice',
      hint: 'One request after the other',
      done: 'Both requests succeeded.',
    },
    busy: {
      name: 'WeChat is busy',
      hint: 'It returns -1 three times',
      done: 'The Worker called WeChat three times, then told the phone to retry later. The phone sent the same code again, and this time WeChat accepted it.',
    },
    withdraw: {
      name: 'The user withdraws consent',
      hint: 'WeChat pushes an event',
      pushed: 'The Worker verified WeChat’s push and ended all sessions of this user.',
      done: 'The session is still valid.',
    },
  },
  /** What an error code means here. The detail of the response stands in for codes without a text. */
  errors: {
    session_required: 'The phone has no token. Press wx.login first.',
    session_invalid:
      'This session has ended, and the phone deleted its token. Press wx.login for a new one.',
    session_key_stale:
      'The session_key of this session is older than the data. Press wx.login, then get the data again, in this order.',
    code_used: 'WeChat accepts a code only once. Another wx.login gives a new code.',
    code_invalid: 'The code is older than five minutes, and WeChat no longer accepts it.',
    watermark_expired:
      'The Worker decrypted the data, but its watermark is older than five minutes.',
  },
  error: (code, text) => `${code}: ${text}`,
  refused: 'The Worker refused the request.',
}
