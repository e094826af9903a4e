/** Changes that nothing can notice. They are not drawn. */

export interface Equivalent {
  readonly why: string
  /** As the report shows it. */
  readonly change: string
  /** A file, and the code around the change, which stands there once. */
  readonly places: readonly (readonly [file: string, code: string])[]
}

export const EQUIVALENTS: readonly Equivalent[] = [
  {
    why: 'no code exports a key, so nothing shows whether it could',
    change: 'false → true',
    places: [
      ['src/lib/crypto.ts', "utf8(key), algorithm, false, ['sign']"],
      ['src/lib/pem.ts', "bytes, ALGORITHM, false, ['verify']"],
      ['src/login/jwt-issuer.ts', "P256, false, ['sign']"],
      ['src/login/jwt-issuer.ts', "P256, false, ['verify']"],
      ['src/login/wechat/open-data.ts', "keyBytes, 'AES-CBC', false, ['decrypt']"],
      ['src/login/wechat/push.ts', "keyBytes, 'AES-CBC', false, ['encrypt']"],
      ['src/login/wechat/push.ts', "keyBytes, 'AES-CBC', false, [\n"],
    ],
  },
  {
    why: 'a comparator gives any positive number',
    change: '1 → 2',
    places: [['src/login/sessions.ts', '(a.id < b.id ? -1 : 1)']],
  },
  {
    why: 'the size of a batch',
    change: '50 → 51',
    places: [['src/login/sessions.ts', 'const ENDED_AT_ONCE = 50']],
  },
  {
    why: 'the size of a batch',
    change: '50 → 49',
    places: [['src/login/sessions.ts', 'const ENDED_AT_ONCE = 50']],
  },
  {
    why: 'a word or a space stands between the two names',
    change:
      '/(appid.*openid|openid.*appid).*(不匹配|not match)/i → /(appid.+openid|openid.*appid).*(不匹配|not match)/i',
    places: [
      ['src/pay/refusals.ts', 'pattern: /(appid.*openid|openid.*appid).*(不匹配|not match)/i'],
    ],
  },
  {
    why: 'a word or a space stands between the two names',
    change:
      '/(appid.*openid|openid.*appid).*(不匹配|not match)/i → /(appid.*openid|openid.+appid).*(不匹配|not match)/i',
    places: [
      ['src/pay/refusals.ts', 'pattern: /(appid.*openid|openid.*appid).*(不匹配|not match)/i'],
    ],
  },
  {
    why: 'neither is a member that an answer can have alone',
    change: "'' → 'x'",
    places: [['src/login/hooks.ts', "Object.keys(answer).join() : ''"]],
  },
  {
    why: 'no mini program has an AppID that is no text',
    change:
      "typeof appid === 'string' && typeof session_key === 'string' → (typeof session_key === 'string')",
    places: [
      [
        'src/login/session-record.ts',
        "typeof appid === 'string' &&\n    typeof session_key === 'string'",
      ],
    ],
  },
  {
    why: 'a body without a token has both',
    change: "'' → 'x'",
    places: [['src/pay/schemas.ts', "appid = '', openid = ''"]],
  },
  {
    why: 'neither is a date',
    change: "'' → 'x'",
    places: [['src/pay/orders.ts', "new Date(time ?? '')"]],
  },
  {
    why: 'they go into a map, whose keys are not repeated',
    change: 'push → unshift',
    places: [['src/pay/config.ts', 'extraKeys.push']],
  },
  {
    why: 'it only saves time: what is not ASCII is no base64',
    change: 'every → some',
    places: [['src/login/http/bodies.ts', 'bytes?.every((byte) => byte < 0x80)']],
  },
  {
    why: 'it only saves time: what is not ASCII is no base64',
    change: '0x80 → 127',
    places: [['src/login/http/bodies.ts', 'bytes?.every((byte) => byte < 0x80)']],
  },
  {
    why: 'it only saves time: what is not ASCII is no base64',
    change: '0x80 → 129',
    places: [['src/login/http/bodies.ts', 'bytes?.every((byte) => byte < 0x80)']],
  },
  {
    why: 'it only saves time: what is not ASCII is no base64',
    change: '< → <=',
    places: [['src/login/http/bodies.ts', 'bytes?.every((byte) => byte < 0x80)']],
  },
  {
    why: 'at most one of the patterns fits',
    change: 'find → findLast',
    places: [['src/login/wechat/open-data.ts', 'RAW_DATA_FAULTS.find']],
  },
  {
    why: 'it is only compared with what it was',
    change: '0 → 1',
    places: [['src/client/login.ts', 'let logouts = 0']],
  },
  {
    why: 'it is only compared with what it was',
    change: '0 → -1',
    places: [['src/client/login.ts', 'let logouts = 0']],
  },
  {
    why: 'it is only compared with what it was',
    change: '++ → --',
    places: [['src/client/login.ts', 'logouts++']],
  },
  {
    why: 'no session ends in 1970 or in 1969',
    change: '0 → -1',
    places: [['src/client/session-store.ts', "typeof expiresAt === 'number' && expiresAt > 0"]],
  },
]
