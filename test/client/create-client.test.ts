import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

let phone: Phone
beforeEach(() => {
  phone = createPhone()
})
afterEach(() => reset())

describe('createClient()', () => {
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
