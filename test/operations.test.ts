/** Every errcode of WeChat on every call of every operation: does the operation list its error? */

import { describe, expect, it } from 'vitest'
import { listErrorsOf } from '../openapi/api'
import { LOGIN_API } from '../openapi/login/api'
import { OPERATIONS } from '../openapi/login/operations'
import type { Operation } from '../openapi/operation'
import { ERRCODES } from '../src/login/wechat/errcodes'
import { type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

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
  const example = body && Object(body.example)
  return app.send(method.toUpperCase(), filled, {
    token: caller === 'service' ? SERVICE_KEY : token,
    body: example?.token ? { ...example, token } : example,
  })
}

/** The errors of an operation of which this call is refused, with one errcode after the other. */
async function listSeen(operation: Operation, refused: 'access_token' | 'own', token: string) {
  const seen: string[] = []
  for (const { errcode } of ERRCODES) {
    let isAsked = false
    app.replace({
      fetch: async ({ url }) => {
        const call = new URL(url).pathname === TOKEN_PATH ? 'access_token' : 'own'
        isAsked ||= call === refused
        return Response.json(call === refused ? { errcode } : { access_token: 'a', expires_in: 60 })
      },
    })
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
      const toCodes = (part: Operation) => listErrorsOf(LOGIN_API, part).map(({ code }) => code)
      const { body, ...ofCalls } = { ...operation, caller: 'anyone', errors: [] } as const
      expect(toCodes(operation)).toEqual(expect.arrayContaining(seen))
      expect([...seen, ...ANYWAY]).toEqual(expect.arrayContaining(toCodes(ofCalls)))
    },
  )
})
