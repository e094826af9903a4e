/** What the self-test of `npm run pay:check` says of an answer that is none. */

import { describe, expect, it } from 'vitest'
import { checkSettings } from '../../pay-check/echo'
import { refuse } from '../../sandbox/pay/responses'
import type { Runtime } from '../../src/core/runtime'
import { workersRuntime } from '../../src/workers/runtime'
import { importPrivate, MERCHANT, PAY_SETTINGS } from '../support/wechat-pay'
import { sign } from '../support/wechat-pay-api'

/** The last finding, where WeChat Pay answers this. */
async function findFault(answer: Runtime['fetch'], deadline = workersRuntime.deadline) {
  const runtime = { ...workersRuntime, fetch: answer, deadline, connects: async () => true }
  return (await checkSettings(PAY_SETTINGS, runtime, { callback: false })).at(-1)
}

const refused = async () => {
  const { status, body } = refuse('PARAM_ERROR')
  return new Response(body, { status, headers: { 'Request-ID': '08B2-1' } })
}

describe('pay:check', () => {
  it('a refusal without a cause is blamed on the id of the public key', async () => {
    expect(await findFault(refused)).toEqual({
      kind: 'wrong',
      text: 'WeChat Pay refuses the request (HTTP status 400, PARAM_ERROR: 参数错误). The likely cause is that WECHAT_PAY_PUBLIC_KEY_ID does not belong to this merchant. Its Request-ID is 08B2-1.',
    })
  })

  it('an answer that does not come in time is named so', async () => {
    const over = () => AbortSignal.abort(new DOMException('The time is over', 'TimeoutError'))
    expect(await findFault(refused, over)).toEqual({
      kind: 'wrong',
      text: 'WeChat Pay did not answer within five seconds.',
    })
  })

  it('an answer is believed only under the public key of the settings', async () => {
    const now = Math.floor(Date.now() / 1000)
    const privateKey = await importPrivate(MERCHANT.private_pkcs8_pem)
    const signed = await sign('{}', now, { privateKey })
    const unsigned = await findFault(async () => new Response('{}'))
    expect(unsigned?.text).toMatch(/^The answer has no signature/)
    const forged = await findFault(async () => new Response('{}', { headers: signed }))
    expect(forged?.text).toContain('does not fit WECHAT_PAY_PUBLIC_KEY')
  })

  it('an answer that cannot be used is named with its status', async () => {
    expect(await findFault(async () => new Response('<html>', { status: 502 }))).toEqual({
      kind: 'wrong',
      text: 'WeChat Pay gave no answer that can be used: HTTP status 502.',
    })
  })
})
