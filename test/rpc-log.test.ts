import { createExecutionContext } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { createLoginService } from '../src/workers/login-service'
import { createPaymentService } from '../src/workers/payment-service'
import { useTestApp } from './support/app'
import { usePayApp } from './support/pay-app'

const login = useTestApp()
const pay = usePayApp()

const LoginService = createLoginService({ service: (env) => login.service(env) })
const PaymentService = createPaymentService({ payments: (env) => pay.service(env) })

it('Both classes can be made without options', () => {
  expect(() => [createLoginService(), createPaymentService()]).not.toThrow()
})

it.each([
  [LoginService, login],
  [PaymentService, pay],
] as const)(
  '%o logs each call under the name of its method',
  async (Service, { log, bindings }) => {
    const methods = Object.getOwnPropertyNames(Service.prototype).slice(1)
    const service = new Service(createExecutionContext(), bindings)
    for (const method of methods) await Reflect.apply(Reflect.get(service, method), service, [])
    const routes = log.map((line) => JSON.parse(line).route)
    expect(methods.length).toBeGreaterThan(4)
    expect(routes).toEqual(methods)
  },
)
