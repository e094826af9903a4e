import { describe, expect, it } from 'vitest'
import { type OpenData, type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()
let token: string

async function post(path: 'verify' | 'decrypt', body: object): Promise<[number, unknown]> {
  const response = await app.send('POST', `/open-data/${path}`, { token, body })
  const answer = await response.json<ProblemBody>()
  return [response.status, response.ok ? answer : answer.code]
}

describe('the previous session_key', () => {
  /** Logs in, gets data on the phone, and logs in again with a new session_key: the data. */
  async function rotateAfterFetching(options: { carry: boolean }): Promise<OpenData> {
    app.replace({ settings: { OPEN_DATA_MAX_AGE: '3600' } })
    const before = await app.login()
    const data = await app.press<OpenData>('wx.getUserInfo')
    const carried = options.carry ? { token: before.token } : {}
    token = (await app.login({ rotate: true, ...carried })).token
    return data
  }

  it('The session_key before a login opens and verifies data for 10 minutes', async () => {
    const data = await rotateAfterFetching({ carry: true })
    expect((await post('decrypt', data))[0]).toBe(200)
    expect((await post('verify', data))[0]).toBe(200)
    app.clock.now += 599
    expect((await post('decrypt', data))[0]).toBe(200)
    app.clock.now += 1
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
    expect(await post('verify', data)).toEqual([409, 'session_key_stale'])
  })

  it('Data under the new session_key opens while the previous key is kept', async () => {
    await rotateAfterFetching({ carry: true })
    const fresh = await app.press<OpenData>('wx.getUserInfo')
    expect((await post('decrypt', fresh))[0]).toBe(200)
  })

  it('A login without the token of the old session does not keep its session_key', async () => {
    const data = await rotateAfterFetching({ carry: false })
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })

  it("A login with another user's token does not keep the session_key of that user", async () => {
    app.replace()
    const alice = await app.login({ user: 'alice' })
    const data = await app.press<OpenData>('wx.getUserInfo', { user: 'alice' })
    token = (await app.login({ user: 'bob', token: alice.token })).token
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })

  it('A further login does not keep a session_key that was replaced 10 minutes before', async () => {
    const data = await rotateAfterFetching({ carry: true })
    app.clock.now += 600
    token = (await app.login({ token })).token
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })

  it('A further login that does not rotate the session_key keeps the previous key for its 10 minutes', async () => {
    const data = await rotateAfterFetching({ carry: true })
    app.clock.now += 300
    token = (await app.login({ token })).token
    expect((await post('decrypt', data))[0]).toBe(200)
    app.clock.now += 300
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })
})
