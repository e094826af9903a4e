import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

const URL_RULE = 'baseUrl and hosts must be like https://a.example'

let phone: Phone
beforeEach(() => {
  phone = createPhone()
})
afterEach(() => reset())

/** Creates a client with options that TypeScript would refuse. */
const create = (...options: unknown[]) => Reflect.apply(createClient, undefined, options)

describe('createClient()', () => {
  it.each([[], [{}], [{ baseUrl: undefined }], [{ baseUrl: null }], [{ baseUrl: '' }]])(
    'createClient(%j) says that baseUrl is missing',
    (...options) => {
      expect(() => create(...options)).toThrow(`baseUrl is missing: ${URL_RULE}`)
    },
  )

  it.each([
    'login.example.com',
    'ftp://login.example',
    'https://',
    'https:///login.example',
    'https://login.example?x',
    'https://login.example#x',
    'https://login.example@evil.example',
    'https://login.example\\@evil.example',
    'https://*.example',
    'https://login .example',
    7,
  ])('createClient() refuses the baseUrl %s', (baseUrl) => {
    expect(() => create({ baseUrl, wx: phone.wx })).toThrow(`baseUrl is not valid: ${URL_RULE}`)
  })

  it.each([
    'api.example@evil.example',
    'https://user@api.example',
    '*',
    '*.example',
    'https://*.example',
    'api.example/v1',
    'https://api.example/v1',
    'https://api.example?x',
    'https://api.example#x',
    '//api.example',
    'https://',
    'ftp://api.example',
    7,
  ])('createClient() refuses the host %s', (host) => {
    const options = { baseUrl: BASE_URL, wx: phone.wx, hosts: ['https://ok.example', host] }
    expect(() => create(options)).toThrow(`hosts is not valid: ${URL_RULE}`)
  })

  it('createClient() refuses an empty host', () => {
    const options = { baseUrl: BASE_URL, wx: phone.wx, hosts: [''] }
    expect(() => createClient(options)).toThrow(`hosts is missing: ${URL_RULE}`)
  })

  it.each(['http://localhost:8787', 'https://login.example/auth/', ' https://login.example '])(
    'createClient() accepts the baseUrl “%s”',
    async (baseUrl) => {
      phone.failing.set('request', { errMsg: 'request:fail' })
      await createClient({ baseUrl, wx: phone.wx })
        .login()
        .catch(() => null)
      expect(phone.requests[0]?.url).toBe(`${baseUrl.trim().replace(/\/$/, '')}/login`)
    },
  )

  it('createClient() uses the global wx unless it gets one', () => {
    Object.assign(globalThis, { wx: phone.wx })
    expect(createClient({ baseUrl: BASE_URL })).toHaveProperty('login')
    Reflect.deleteProperty(globalThis, 'wx')
  })

  it('createClient() says when there is no wx', () => {
    expect(() => createClient({ baseUrl: BASE_URL })).toThrow('There is no wx here')
  })
})
