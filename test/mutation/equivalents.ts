/** Changes that nothing can notice. They are not drawn. */

export interface Equivalent {
  readonly why: string
  /** As the report shows it, or what all of it matches. */
  readonly change: string | RegExp
  /** A file, and the code around the change, which stands there once. */
  readonly places: readonly (readonly [file: string, code: string])[]
}

export const EQUIVALENTS: readonly Equivalent[] = [
  {
    why: 'no timer is exact to a millisecond',
    change: /^\d+ → \d+$/,
    places: [
      ['src/server/listen.ts', 'server.closeIdleConnections(), 50)'],
      ['src/server/mysql.ts', 'const PATIENCE_MILLISECONDS = 8000'],
      ['src/server/mysql.ts', 'sleep(500)'],
      ['src/server/redis.ts', 'const PATIENCE_MILLISECONDS = 2500'],
      ['src/server/redis.ts', 'pingInterval: 2000'],
      ['src/server/redis.ts', 'socketTimeout: 6000, reconnectStrategy: 500'],
      ['src/server/sqlite.ts', 'const BUSY_MILLISECONDS = 2000'],
    ],
  },
  {
    why: 'it only saves time',
    change: 'installCrypto() → ;',
    places: [['src/server/start-login.ts', 'installCrypto()\n']],
  },
  {
    why: 'it is only asked whether there is one',
    change: 'null → undefined',
    places: [
      ['src/server/crypto.ts', "typeof algorithm === 'string') return null"],
      ['src/server/crypto.ts', '!(iv instanceof Uint8Array)) return null'],
      ['src/server/crypto.ts', "name !== 'AES-CBC') return null"],
    ],
  },
  {
    why: 'a token with too many parts has any number of them',
    change: '4 → 5',
    places: [['src/core/credentials.ts', "token.split('.', 4)"]],
  },
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
    why: 'neither is JSON',
    change: "'' → 'x'",
    places: [
      ['src/lib/encoding.ts', "JSON.parse(text ?? '', reviver)"],
      ['src/pay/events.ts', "parseUtf8(body) ?? ''"],
    ],
  },
  {
    why: 'the pattern fits neither',
    change: "'' → 'x'",
    places: [
      ['src/core/body.ts', "headers.get('Content-Type') ?? ''\n  return"],
      ['src/core/body.ts', "headers.get('Content-Type') ?? ''\n  const"],
      ['src/core/credentials.ts', "/i.exec(authorization?.trim() ?? '')\n"],
      ['src/core/credentials.ts', "/i.exec(authorization?.trim() ?? '')?."],
      ['src/core/credentials.ts', "exec(credentials ?? '')"],
      ['src/login/http/routes/login.ts', "REFERER.exec(referer ?? '')"],
    ],
  },
  {
    why: 'neither is a service key, which has 32 characters',
    change: "'' → 'x'",
    places: [
      ['src/core/credentials.ts', "?.[1] ?? ''\n"],
      ['src/login/http/routes/forward-auth.ts', "c.req.header('X-Service-Key') ?? ''"],
    ],
  },
  {
    why: 'it stands for what cannot be, as the types do not know',
    change: "'' → 'x'",
    places: [
      ['src/core/credentials.ts', "parseBase64(encoded ?? '')"],
      ['src/core/credentials.ts', "get('p') ?? ''"],
      ['src/core/hosts.ts', "apiBases[last] ?? ''"],
      ['src/core/schemas.ts', "join('.') ?? ''"],
      ['src/login/http/bodies.ts', "findFault(input) ?? ''"],
      ['src/login/session-record.ts', "parseBase64url(secret ?? '')"],
      ['src/pay/refusals.ts', "split('/').at(-1) ?? ''"],
    ],
  },
  {
    why: 'no clock shows 1970 or 1969',
    change: '0 → 1',
    places: [['src/login/mini-program-lookup.ts', 'askAgainAt: 0']],
  },
  {
    why: 'no clock shows 1970 or 1969',
    change: '0 → -1',
    places: [['src/login/mini-program-lookup.ts', 'askAgainAt: 0']],
  },
  {
    why: 'neither is a signature, nor a time',
    change: "'' → 'x'",
    places: [
      ['src/login/push-events.ts', "const { signature = ''"],
      ['src/login/push-events.ts', "timestamp = ''"],
    ],
  },
  {
    why: 'in JSON, each value takes two bytes with what stands around it',
    change: '1 → 2',
    places: [['src/lib/json.ts', "typeof value === 'string' ? value.length : 1"]],
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
