/** A phone whose client sends JWT access tokens to a host, for the tests of a file. */

import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, vi } from 'vitest'
import { type Client, createClient } from '../../src/client'
import { BASE_URL, createPhone } from './phone'

export const API = 'https://api.example'
export const ENDPOINT = `${BASE_URL}/session/access-token`
export const NOW = Date.UTC(2026, 10, 30)

export function useJwtPhone() {
  const app = { phone: createPhone(), client: {} as Client }
  /** The JWT access tokens of a test, and their names. */
  const names = new Map<string, string>()

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
    app.phone = createPhone()
    const options = { baseUrl: BASE_URL, wx: app.phone.wx, hosts: [API], accessTokens: true }
    app.client = createClient(options)
    names.clear()
    nameTokens()
  })
  afterEach(() => {
    vi.useRealTimers()
    return reset()
  })

  /** Names the JWT access tokens that the server gives: `jwt-1`, `jwt-2`, and so on. */
  function nameTokens(expiresIn?: number): void {
    app.phone.answers.set(ENDPOINT, async (request) => {
      const response = await app.phone.ask(request)
      if (response.statusCode !== 200) return response
      const data = { ...Object(response.data), ...(expiresIn && { expiresIn }) }
      names.set(data.accessToken, `jwt-${names.size + 1}`)
      return { ...response, data }
    })
  }

  /** The token of a request, or its name. */
  function readToken({ Authorization }: Record<string, string> = {}): string | undefined {
    const token = Authorization?.slice('Bearer '.length)
    return token && (names.get(token) ?? token)
  }

  /** The tokens that a URL has got, in order. */
  const tokensAt = (url: string) =>
    app.phone.requests
      .filter((request) => request.url === url)
      .map(({ header }) => readToken(header))

  const getMe = (options = {}) => app.client.request({ url: `${API}/me`, ...options })

  return Object.assign(app, {
    names,
    nameTokens,
    tokensAt,
    getMe,
    getMeOften: () => Promise.all(Array.from({ length: 50 }, () => getMe())),
    atApi: () => tokensAt(`${API}/me`),
    fetches: () => tokensAt(ENDPOINT).length,
    answer: (url: string, statusCode: number, data: unknown = {}) =>
      app.phone.answers.set(url, () => ({ statusCode, data, header: {} })),
    /** Has the API answer these tokens with 401. */
    refuse: (...refused: string[]) =>
      app.phone.answers.set(`${API}/me`, ({ header }) => {
        const statusCode = refused.includes(readToken(header) ?? '') ? 401 : 200
        return { statusCode, data: {}, header: {} }
      }),
    /** Holds the next answer of a URL back, from when it is there until it is released. */
    holdAnswer: (url: string) => {
      const { wx } = app.phone
      const { request } = wx
      const arrived = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      wx.request = (options) => {
        if (options.url !== url) return request(options)
        wx.request = request
        const success: typeof options.success = (response) => {
          arrived.resolve()
          released.promise.then(() => options.success?.(response))
        }
        return request({ ...options, success })
      }
      return { arrived: arrived.promise, release: released.resolve }
    },
  })
}
