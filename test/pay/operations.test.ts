/** Every code of WeChat Pay on every call of every operation: does the operation list its error? */

import { describe, expect, it } from 'vitest'
import { listErrorsOf } from '../../openapi/api'
import { PAY_API } from '../../openapi/pay/api'
import { refusal } from '../../sandbox/pay/responses'
import { CODES } from '../../src/pay/codes'
import { ORDER, usePayApp } from '../support/pay-app'

const app = usePayApp()

/** What any call can come to, whatever WeChat Pay's code. */
const ANYWAY = ['pay_timeout', 'pay_unavailable', 'internal_error']

describe('what WeChat Pay refuses', () => {
  it.each(PAY_API.operations.filter(({ calls }) => calls))(
    '$id lists the errors that the refusals of its call stand for, and no others',
    async (operation) => {
      const { method, body, parameters = [] } = operation
      const path = operation.path.replace(/\{\w+\}/, parameters[0]?.example ?? '')
      const example = operation.id === 'createPayment' ? ORDER : body?.example
      const seen: unknown[] = []
      for (const { wechat } of CODES) {
        app.pay.next(() => refusal(403, wechat, 'a text'))
        seen.push((await app.send(method.toUpperCase(), path, example)).answer.code)
      }
      const toCodes = (part: typeof operation) =>
        listErrorsOf(PAY_API, part).map(({ code }) => code)
      const { body: _, ...ofCalls } = { ...operation, caller: 'anyone', errors: [] } as const
      expect(toCodes(operation)).toEqual(expect.arrayContaining(seen))
      expect([...seen, ...ANYWAY]).toEqual(expect.arrayContaining(toCodes(ofCalls)))
    },
  )
})
