/**
 * Arbitrary answers of the developer's hooks, and arbitrary calls of the developer's Workers over RPC:
 * no internal_error, and no part of them in the response or in the log. See fuzz.test.ts.
 */

import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, expect } from 'vitest'
import { pushRequest } from '../sandbox/push'
import type { EventReply, LoginDecision } from '../src/login/hooks'
import { createLoginService } from '../src/workers/login-service'
import { APPID, createTestApp, type ProblemBody, useTestApp } from './support/app'
import {
  anyCloneable,
  anyJson,
  anything,
  anyValue,
  fieldName,
  give,
  MARK,
  marked,
} from './support/arbitraries'
import { expectDocumented, expectKnown, isProblem } from './support/documented'
import { type Property, property, testProperties } from './support/properties'

const PUSH_FIELDS = `MsgId FromUserName CreateTime Event OpenID AppID MsgType Encrypt ToUserName
  RevokeInfo List __proto__ constructor`
  .split(/\s+/)
  .concat(' OpenID', 'Event ')
const USER = { openid: `o${MARK}`, session_key: 'HyVFkGl5F5OQWJZZaNzBBg==' }

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

const EVENTS = { send: async (message: object) => void structuredClone(message) }
let reply: unknown
const pushHooks = { onEvent: () => give(reply) as EventReply }
const safe = createTestApp({ settings: { EVENTS }, hooks: pushHooks })
const plain = createTestApp({
  settings: { EVENTS, WECHAT_PUSH_AES_KEY: undefined },
  hooks: pushHooks,
})

let decision: unknown
const hooked = createTestApp({
  hooks: { onLogin: () => give(decision) as LoginDecision },
  fetch: async () => Response.json(USER),
})

const decisions = fc.oneof(
  anything,
  fc.record({ claims: anything }),
  fc.record({ claims: fc.dictionary(marked, anyValue, { maxKeys: 3 }) }),
  fc.record({ deny: fc.oneof(anything, fc.constant(true)) }),
)

const hooks: Record<string, Property> = {
  'POST /wechat/events answers as documented, whatever WeChat has signed and the hook replies':
    property(
      fc.record({
        fields: fc.dictionary(fieldName(PUSH_FIELDS), anyValue, { maxKeys: 8 }),
        Event: fc.constantFrom('user_authorization_revoke', 'user_info_modified', undefined),
        raw: fc.option(anyJson(PUSH_FIELDS), { freq: 5 }),
        isSafe: fc.boolean(),
        answer: fc.option(anything),
      }),
      async ({ fields, Event, raw, isSafe, answer }) => {
        reply = answer
        const target = isSafe ? safe : plain
        const event = { ...fields, ...(Event && { Event }) }
        const push = await pushRequest('https://login.example/wechat/events', event, {
          appid: APPID,
          token: env.WECHAT_PUSH_TOKEN,
          encodingAESKey: isSafe ? env.WECHAT_PUSH_AES_KEY : null,
          timestamp: target.clock.now,
        })
        const isRaw = raw !== null && !isSafe
        const sent = isRaw ? new Request(push.url, { method: 'POST', body: raw }) : push
        // A message to the service desk names its two parties, as WeChat wants it.
        const isToDesk = 'FromUserName' in fields && 'ToUserName' in fields
        const mayQuote = answer !== null || isToDesk
        await expectDocumented(await target.receive(sent), target, { mayQuote })
      },
    ),

  'POST /login answers as documented, whatever the login hook answers': property(
    decisions,
    async (answer) => {
      decision = answer
      const response = await hooked.send('POST', '/login', { body: { code: 'x' } })
      await expectDocumented(response, hooked)
    },
  ),
}

const LoginService = createLoginService({ service: (bindings) => app.service(bindings) })
const METHODS = Object.getOwnPropertyNames(LoginService.prototype).slice(1)

interface Outcome {
  readonly ok: boolean
  readonly error?: ProblemBody
}

async function toOutcome(result: unknown): Promise<Outcome> {
  if (!(result instanceof Response)) return result as Outcome
  return isProblem(result) ? { ok: false, error: await result.json() } : { ok: true }
}

const rpc: Record<string, Property> = {
  'Every method of LoginService gives an outcome or a response, whatever its arguments': property(
    fc.record({
      method: fc.constantFrom(...METHODS),
      first: fc.oneof(anyCloneable, fc.constantFrom('the token', 'the token', '/wxa/x')),
      others: fc.array(anyCloneable, { maxLength: 2 }),
    }),
    async ({ method, first, others }) => {
      const service = new LoginService(createExecutionContext(), app.bindings)
      const args = [first === 'the token' ? token : first, ...others]
      const result: unknown = await Reflect.apply(Reflect.get(service, method), service, args)
      const { ok, error } = await toOutcome(result)
      expect(JSON.stringify([error, app.log.splice(0)])).not.toContain(MARK)
      expect(ok).toBe(error === undefined)
      if (error) expectKnown(error)
      if (method === 'revoke' && ok) token = (await app.login()).token
    },
  ),
}

testProperties({ ...hooks, ...rpc })
