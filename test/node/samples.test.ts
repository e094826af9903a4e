/** The samples in the OpenAPI documents, read by a shell and run as JavaScript. */

import { describe, expect, it } from 'vitest'
import { LOGIN_API } from '../../openapi/login/api'
import { PAY_API } from '../../openapi/pay/api'
import { toSamples } from '../../openapi/samples'
import { readCurl } from '../support/curl'

const { operations: OPERATIONS, sampleBase: SAMPLE_BASE } = LOGIN_API

type AsyncFunctionConstructor = new (...source: string[]) => (...values: unknown[]) => Promise<void>
const AsyncFunction = (async () => {}).constructor as AsyncFunctionConstructor

/** What a sample in JavaScript passes to `wx.request` or `fetch`. */
async function readCall(source: string): Promise<Record<string, unknown>> {
  let call: Record<string, unknown> = {}
  const wx = { request: (options: object) => Object.assign(call, options) }
  const fetch = async (url: string, options: object) => {
    call = { url, ...options }
    return Response.json({})
  }
  const process = { env: { SERVICE_KEY: 'the-key', GATEWAY_KEY: 'the-gateway-key' } }
  const console = { log: () => {} }
  const run = new AsyncFunction('wx', 'fetch', 'process', 'console', 'token', source)
  await run(wx, fetch, process, console, 'the-token')
  return call
}

describe('the samples of an operation', () => {
  const findSample = (id: string, label: string) => {
    const operation = OPERATIONS.find((operation) => operation.id === id)
    const sample =
      operation && toSamples(operation, SAMPLE_BASE).find((sample) => sample.label === label)
    if (!sample) throw new Error(`${id} has no sample ${label}`)
    return sample.source
  }

  it.each(OPERATIONS)(
    'a shell reads the curl sample of $method $path as it is meant',
    (operation) => {
      const env = { TOKEN: 'the-token', SERVICE_KEY: 'the-key', GATEWAY_KEY: 'the-key' }
      const { method, url, headers, body } = readCurl(findSample(operation.id, 'curl'), env)
      expect(method).toBe(operation.method.toUpperCase())
      expect(new URL(url).origin).toBe(SAMPLE_BASE)
      expect(new URL(url).pathname).toMatch(
        new RegExp(`^${operation.path.replace(/\{\w+\}/, '[\\w/-]+')}$`),
      )
      const service = ['the-key']
      const session = ['the-token']
      const credential = { anyone: [], session, service, oauth: service, gateway: session }
      expect(headers).toEqual([
        ...credential[operation.caller].map((secret) => `Authorization: Bearer ${secret}`),
        ...(operation.caller === 'gateway' ? ['X-Service-Key: the-key'] : []),
      ])
      expect(body).toEqual(operation.body?.example ?? null)
    },
  )

  it('the wx.request sample of a login has the method and the body of its example', async () => {
    expect(await readCall(findSample('login', 'wx.request'))).toMatchObject({
      url: `${SAMPLE_BASE}/login`,
      method: 'POST',
      data: { code: '0F12tJcYbpXnTqrMXMFLUKIcMqw2coH9' },
    })
  })

  it('the fetch sample of an introspection sends a form with the service key', async () => {
    const { headers, body } = await readCall(findSample('introspect', 'fetch'))
    expect(headers).toEqual({ Authorization: 'Bearer the-key' })
    expect(String(body)).toMatch(/^token=\w/)
  })

  it('the fetch sample of a gateway sends its key beside the token', async () => {
    expect(await readCall(findSample('forwardAuth', 'fetch'))).toMatchObject({
      headers: { Authorization: 'Bearer the-token', 'X-Service-Key': 'the-gateway-key' },
    })
  })

  it('no operation with a service key has a sample for a mini program', () => {
    for (const operation of OPERATIONS.filter(({ tag }) => tag === 'Backend')) {
      expect(toSamples(operation, SAMPLE_BASE).map(({ label }) => label)).toEqual(['curl', 'fetch'])
    }
  })

  it('the samples of payments call the payments Worker with its service key', () => {
    const close = PAY_API.operations.find(({ id }) => id === 'closePayment')
    const [sample] = close ? toSamples(close, PAY_API.sampleBase) : []
    expect(sample?.source.split(' \\\n  ')).toEqual([
      'curl -X POST https://pay.example.com/payments/T20261125000001/close',
      '-H "Authorization: Bearer $SERVICE_KEY"',
    ])
  })
})
