import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Problem } from '../src/core/problem'
import { parseConfig } from '../src/login/config'

const GOOD = {
  WECHAT_APPID: 'wx4f4bc4dec97d474b',
  WECHAT_APPSECRET: 'a-secret-nobody-may-see',
  SESSIONS: env.SESSIONS,
}

/** What parseConfig reports for good settings with these changes; empty if they are valid. */
function findProblems(settings: Record<string, unknown>): readonly string[] {
  try {
    return parseConfig({ ...GOOD, ...settings }).faults
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'misconfigured') throw error
    return error.options.log?.settings ?? []
  }
}

describe('the settings', () => {
  it('Every setting but the AppID, the AppSecret and SESSIONS has a default', () => {
    expect(parseConfig(GOOD)).toEqual({
      miniPrograms: new Map([
        [GOOD.WECHAT_APPID, { appid: GOOD.WECHAT_APPID, appsecret: GOOD.WECHAT_APPSECRET }],
      ]),
      sessionTtl: 604800,
      openDataMaxAge: 300,
      apiBases: ['https://api.weixin.qq.com'],
      serviceKeys: { value: null },
      gatewayKeys: { value: null },
      issuer: { value: { ISSUER: null } },
      jwt: { value: null },
      isSandbox: false,
      push: { value: { keys: null, events: null } },
      sessions: env.SESSIONS,
      loginLimit: null,
      userLimit: null,
      clientIpHeader: null,
      hooks: null,
      analytics: null,
      faults: [],
    })
  })

  it('An AppID has characters behind wx', () => {
    expect(findProblems({ WECHAT_APPID: 'wx' })).toEqual([expect.stringContaining('WECHAT_APPID')])
  })

  it('parseConfig reports all wrong settings at once, by name and without their values', () => {
    const problems = findProblems({
      WECHAT_APPID: 'gh_97417a04a28d',
      WECHAT_APPSECRET: 'value with spaces',
      SESSION_TTL: '59',
      OPEN_DATA_MAX_AGE: 'value',
      WECHAT_API_BASE: 'http://value.example',
      SESSIONS: 'value',
    })
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'WECHAT_APPID',
      'WECHAT_APPSECRET',
      'SESSION_TTL',
      'OPEN_DATA_MAX_AGE',
      'WECHAT_API_BASE',
      'SESSIONS',
    ])
    expect(problems.join()).not.toMatch(/value|gh_/)
  })

  it('parseConfig says which settings are missing', () => {
    expect(findProblems({ WECHAT_APPID: '', WECHAT_APPSECRET: undefined })).toEqual([
      'WECHAT_APPID is missing',
      'WECHAT_APPSECRET is missing',
    ])
    expect(() => parseConfig({})).toThrow(Problem)
    expect(() => parseConfig(undefined)).toThrow(Problem)
  })

  it('White space around a setting is ignored', () => {
    const config = parseConfig({ ...GOOD, WECHAT_APPSECRET: 'secret\n', SESSION_TTL: ' 60 ' })
    expect([config.miniPrograms.get(GOOD.WECHAT_APPID)?.appsecret, config.sessionTtl]).toEqual([
      'secret',
      60,
    ])
  })

  it('SESSION_TTL is a whole number from 60 to 2592000, as text or as a number', () => {
    for (const ttl of ['60', '2592000', 3600, '']) {
      expect(findProblems({ SESSION_TTL: ttl })).toEqual([])
    }
    for (const ttl of ['59', '2592001', '60.5', '1e3', '-60', '0x60', 'week', Number.NaN, true]) {
      expect(findProblems({ SESSION_TTL: ttl })).toEqual([
        'SESSION_TTL must be a whole number of seconds from 60 to 2592000',
      ])
    }
  })

  it('OPEN_DATA_MAX_AGE is a whole number of seconds from 1 to a century', () => {
    for (const age of ['1', '3153600000']) {
      expect(findProblems({ OPEN_DATA_MAX_AGE: age })).toEqual([])
    }
    for (const age of ['0', '3153600001']) {
      expect(findProblems({ OPEN_DATA_MAX_AGE: age })).toHaveLength(1)
    }
  })

  it('CLIENT_IP_HEADER is the name of a header', () => {
    expect(parseConfig({ ...GOOD, CLIENT_IP_HEADER: 'X-Client' }).clientIpHeader).toBe('X-Client')
    for (const name of ['X Client', 'X-Client:', 'X-Client, Y', '\u00e9']) {
      expect(findProblems({ CLIENT_IP_HEADER: name })).toHaveLength(1)
    }
  })

  it('A rate limit that is no binding is reported', () => {
    expect(findProblems({ LOGIN_LIMIT: 'x', USER_LIMIT: {} })).toEqual([
      'LOGIN_LIMIT must be a rate limit binding',
      'USER_LIMIT must be a rate limit binding',
    ])
  })

  it('WECHAT_API_BASE is an https URL, or an http URL of this machine', () => {
    const good = [
      'https://api2.weixin.qq.com/',
      'https://proxy.example/wechat',
      'http://127.0.0.1:8788',
      'http://localhost:8788',
      'http://[::1]:8788',
    ]
    for (const base of good) expect(findProblems({ WECHAT_API_BASE: base })).toEqual([])
    const bad = [
      'http://api.weixin.qq.com',
      'http://127.0.0.1.example',
      'api.weixin.qq.com',
      'https://user@proxy.example',
      'https://:password@proxy.example',
      'https://proxy.example/?key=1',
      'https://proxy.example/#',
      'ftp://127.0.0.1',
      'https://api.weixin.qq.com,',
      'https://api.weixin.qq.com,http://hk.api.weixin.qq.com',
    ]
    for (const base of bad) expect(findProblems({ WECHAT_API_BASE: base })).toHaveLength(1)
  })

  it('WECHAT_API_BASE may list several hosts in the order to try them', () => {
    const bases = 'https://api.weixin.qq.com/, https://hk.api.weixin.qq.com'
    expect(parseConfig({ ...GOOD, WECHAT_API_BASE: bases }).apiBases).toEqual([
      'https://api.weixin.qq.com',
      'https://hk.api.weixin.qq.com',
    ])
  })

  it('WECHAT_APPS replaces WECHAT_APPID and WECHAT_APPSECRET', () => {
    const apps = JSON.stringify({ wx1: 'secret-1', wx2: 'secret-2' })
    const only = { WECHAT_APPS: apps, SESSIONS: env.SESSIONS }
    expect([...parseConfig(only).miniPrograms]).toEqual([
      ['wx1', { appid: 'wx1', appsecret: 'secret-1' }],
      ['wx2', { appid: 'wx2', appsecret: 'secret-2' }],
    ])
    expect([...parseConfig({ ...GOOD, ...only }).miniPrograms.keys()]).toEqual(['wx1', 'wx2'])
    const asObject = { ...only, WECHAT_APPS: JSON.parse(apps) }
    expect([...parseConfig(asObject).miniPrograms.keys()]).toEqual(['wx1', 'wx2'])
  })

  it('WECHAT_APPID and WECHAT_APPS may be absent or empty with a hook that knows mini programs', () => {
    const hooks = { findMiniProgram: () => null }
    for (const settings of [{}, { WECHAT_APPID: '', WECHAT_APPS: ' ' }]) {
      const { miniPrograms } = parseConfig({ SESSIONS: env.SESSIONS, ...settings }, hooks)
      expect([...miniPrograms]).toEqual([])
    }
    const without = () => parseConfig({ SESSIONS: env.SESSIONS }, {})
    const fault =
      'WECHAT_APPID and WECHAT_APPS are missing, and HOOKS has no method findMiniProgram'
    expect(without).toThrow(expect.objectContaining({ options: { log: { settings: [fault] } } }))
  })

  it('WECHAT_APPS must be a JSON object of AppIDs and AppSecrets, and no value of it is reported', () => {
    const bad = [
      'value',
      '[]',
      '{}',
      '{"value":"s"}',
      '{"wx1":1}',
      '{"wx1":""}',
      '{"wx1":"a b"}',
      7,
      [],
      {},
      true,
    ]
    for (const apps of bad) {
      expect(findProblems({ WECHAT_APPS: apps })).toEqual([
        'WECHAT_APPS must be a JSON object of AppIDs, each with its AppSecret',
      ])
    }
  })

  const KEYS = [
    ['SERVICE_KEYS', 'serviceKeys'],
    ['GATEWAY_KEYS', 'gatewayKeys'],
  ] as const

  it.each(KEYS)('%s are keys of at least 32 characters, separated by commas', (name, group) => {
    const [one, two] = ['k'.repeat(32), 'l'.repeat(40)]
    expect(parseConfig({ ...GOOD, [name]: `${one}, ${two}` })[group]).toEqual({ value: [one, two] })
    for (const keys of ['k'.repeat(31), `${one},`, `${one},short`, `${one} ${two}`]) {
      expect(findProblems({ [name]: keys })).toHaveLength(1)
    }
  })

  it.each(KEYS)(
    "%s must not have a key of the sandbox, which everybody knows, unless the AppSecret is the sandbox's as well",
    (name, group) => {
      const faults = [expect.stringMatching(`^${name} has a key of the sandbox`)]
      for (const kind of ['service', 'gateway', 'payments']) {
        const key = `the-sandbox-${kind}-key-is-public-too`
        for (const keys of [key, `${'k'.repeat(32)}, ${key}`]) {
          expect(parseConfig({ ...GOOD, [name]: keys })[group]).toEqual({ faults })
          const sandbox = { [name]: keys, WECHAT_APPSECRET: env.WECHAT_APPSECRET }
          expect(findProblems(sandbox)).toEqual([])
        }
        expect(findProblems({ [name]: `${key}-` })).toEqual([])
      }
    },
  )

  it('WECHAT_PUSH_TOKEN has 3 to 32 letters and digits, and WECHAT_PUSH_AES_KEY has 43', () => {
    const push = (token: string, key: string) => ({
      WECHAT_PUSH_TOKEN: token,
      WECHAT_PUSH_AES_KEY: key,
    })
    expect(parseConfig({ ...GOOD, ...push('AAAAA', '') }).push).toEqual({
      value: { keys: { token: 'AAAAA', aesKey: null }, events: null },
    })
    for (const end of ['', '=', '=\n']) {
      const { push: parsed } = parseConfig({ ...GOOD, ...push('AAAAA', `${'A'.repeat(43)}${end}`) })
      expect(parsed).toMatchObject({ value: { keys: { aesKey: 'A'.repeat(43) } } })
    }
    for (const key of ['='.repeat(43), `${'A'.repeat(42)}=`, `${'A'.repeat(43)}==`]) {
      expect(findProblems(push('AAAAA', key))).toHaveLength(1)
    }
    expect(findProblems(push('AA', 'A'.repeat(42)))).toHaveLength(2)
    for (const [before, after] of [
      ['-', ''],
      ['', '-'],
    ]) {
      const around = (text: string) => `${before}${text}${after}`
      expect(findProblems(push(around('AAAAA'), around('A'.repeat(43))))).toHaveLength(2)
    }
  })
})
