/** Every operation, with WeChat's refusals and other faults: does it list the error that it has? */

import { describe, expect, it } from 'vitest'
import { listErrorsOf } from '../openapi/api'
import { LOGIN_API } from '../openapi/login/api'
import { OPERATIONS } from '../openapi/login/operations'
import { FORM, type Operation } from '../openapi/operation'
import { ERRCODES } from '../src/login/wechat/errcodes'
import { APPID, NO_KEYS, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()

/** An operation begins with a call for an access_token, if it needs one; the other call is its own. */
const TOKEN_PATH = '/cgi-bin/stable_token'

/** What any call can come to, whatever WeChat's errcode. */
const ANYWAY = ['wechat_timeout', 'wechat_unavailable', 'misconfigured', 'internal_error']

/** Sends the example of an operation, with the token of a live session. */
function send({ method, path, caller, body, parameters = [] }: Operation, token: string) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
    return parameters.find((parameter) => parameter.name === name)?.example ?? ''
  })
  const credential = caller === 'service' || caller === 'oauth' ? SERVICE_KEY : token
  const headers = {
    Authorization: `Bearer ${credential}`,
    'CF-Connecting-IP': '203.0.113.1',
    ...(caller === 'gateway' && { 'X-Service-Key': SERVICE_KEY }),
  }
  if (!body) return app.request(filled, { method, headers })
  const example: Record<string, string> = Object(body.example)
  const content = example.token === undefined ? example : { ...example, token }
  if (body.type === FORM) {
    return app.request(filled, { method, headers, body: new URLSearchParams(content) })
  }
  const typed = { ...headers, 'Content-Type': 'application/json' }
  return app.request(filled, { method, headers: typed, body: JSON.stringify(content) })
}

function listCodes(operation: Operation): string[] {
  return listErrorsOf(LOGIN_API, operation).map(({ code }) => code)
}

/** The errors of an operation of which this call is refused, with one errcode after the other. */
async function listSeen(operation: Operation, refused: 'access_token' | 'own', token: string) {
  const seen: string[] = []
  let isAsked = false
  let errcode = 0
  app.replace({
    fetch: async ({ url }) => {
      const call = new URL(url).pathname === TOKEN_PATH ? 'access_token' : 'own'
      isAsked ||= call === refused
      // A lifetime so short that each request asks for an access_token.
      return Response.json(call === refused ? { errcode } : { access_token: 'a', expires_in: 60 })
    },
  })
  for (const row of ERRCODES) {
    errcode = row.errcode
    const response = await send(operation, token)
    if (!isAsked) return []
    if (!response.ok) seen.push((await response.json<ProblemBody>()).code)
  }
  return seen
}

describe('what WeChat refuses', () => {
  it.each(OPERATIONS)(
    '$id lists the errors that the refusals of its calls stand for, and no others',
    async (operation) => {
      const { token } = await app.login()
      const ofToken = await listSeen(operation, 'access_token', token)
      const seen = [...ofToken, ...(await listSeen(operation, 'own', token))]
      const { body, ...ofCalls } = { ...operation, caller: 'anyone', errors: [] } as const
      expect(listCodes(operation)).toEqual(expect.arrayContaining(seen))
      expect([...seen, ...ANYWAY]).toEqual(expect.arrayContaining(listCodes(ofCalls)))
    },
  )
})

describe('what fails besides WeChat', () => {
  const full = { limit: async () => ({ success: false }) }
  const FAULTS: Record<string, () => void> = {
    'every rate limit is reached': () =>
      app.replace({ settings: { LOGIN_LIMIT: full, USER_LIMIT: full } }),
    'KV reads nothing': () => void app.kv.down.add('get').add('list'),
    'KV writes nothing': () => void app.kv.down.add('put').add('delete'),
    'a setting is wrong': () => app.replace({ settings: { SESSION_TTL: 'long' } }),
    'the settings of endpoints are missing': () =>
      app.replace({
        settings: { ...NO_KEYS, WECHAT_PUSH_TOKEN: undefined },
      }),
    'no mini program can be looked up': () => {
      const findMiniProgram = () => Promise.reject(new Error('down'))
      app.replace({ hooks: { findMiniProgram }, settings: { WECHAT_APPID: '' } })
    },
    'there are several mini programs': () =>
      app.replace({ settings: { WECHAT_APPS: `{"${APPID}":"s1","wx2":"s2"}` } }),
  }

  it.each(Object.keys(FAULTS))('every operation lists its error when %s', async (fault) => {
    const { token } = await app.login()
    FAULTS[fault]?.()
    const failures: string[] = []
    for (const operation of OPERATIONS) {
      const response = await send(operation, token)
      if (response.ok) continue
      const { code } = await response.json<ProblemBody>()
      expect(listCodes(operation), operation.id).toContain(code)
      failures.push(code)
    }
    expect(failures).not.toEqual([])
  })
})
