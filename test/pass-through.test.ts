import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { createHttpApp } from '../src/login/http/app'
import {
  APPID,
  APPSECRET,
  KV_MILLISECONDS,
  type ProblemBody,
  SERVICE_KEY,
  useTestApp,
  WECHAT_MILLISECONDS,
} from './support/app'

const app = useTestApp()
const PATH = '/wxa/x'
const OK = '{"errcode":0,"errmsg":"ok"}'

type Answer = (request: Request) => Response | Promise<Response>

/** A WeChat that issues access_tokens and answers every other call with this. */
function answering(answer: Answer, settings: Record<string, unknown> = {}) {
  const calls: Request[] = []
  const fetch = async (request: Request) => {
    if (new URL(request.url).pathname === '/cgi-bin/stable_token') {
      const { appid } = await request.json<{ appid: string }>()
      return Response.json({ access_token: `token-of-${appid}`, expires_in: 7200 })
    }
    calls.push(request)
    return answer(request)
  }
  app.replace({ fetch, settings })
  return calls
}

function pass(path = PATH, init: RequestInit = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${SERVICE_KEY}`, ...init.headers }
  return app.request(`/wechat/api${path}`, { ...init, headers })
}

async function toAnswer(response: Response): Promise<[number, string]> {
  const text = await response.text()
  const isProblem = response.headers.get('Content-Type') === 'application/problem+json'
  return [response.status, isProblem ? (JSON.parse(text) as ProblemBody).code : text]
}

/** Never answers, but ends as `fetch` does if it is aborted. */
const hang = ({ signal }: Request) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })

describe('the time for a call through the pass-through', () => {
  it('A call whose answer has not begun 5 seconds after its body is answered with wechat_timeout', async () => {
    const calls = answering((request) => {
      app.timeOut(5000)
      return hang(request)
    })
    expect(await (await pass()).json()).toMatchObject({
      status: 504,
      code: 'wechat_timeout',
      detail: 'WeChat did not answer in time. The call may have had its effect.',
    })
    expect(calls).toHaveLength(1)
    expect(calls[0]?.signal.aborted).toBe(true)
  })

  it('The 5 seconds begin at the end of the upload', async () => {
    const size = 70_000
    const lengths: number[] = []
    const count = () => app.deadlines().filter((length) => length === 5000).length
    answering(async (request) => {
      lengths.push(count())
      const reader = request.body?.getReader()
      await reader?.read()
      lengths.push(count())
      let rest = await reader?.read()
      while (rest && !rest.done) rest = await reader?.read()
      // The end of the upload is known a few promises later.
      await new Promise((resolve) => setTimeout(resolve))
      lengths.push(count())
      return new Response(OK)
    })
    await pass()
    lengths.splice(0)
    const before = count()
    const headers = { 'Content-Length': String(size) }
    const response = await pass(PATH, { method: 'POST', headers, body: new Uint8Array(size) })
    expect(await toAnswer(response)).toEqual([200, OK])
    expect(lengths).toEqual([before, before, before + 1])
  })

  it('A whole call has 60 seconds, after which it is answered with wechat_timeout', async () => {
    answering((request) => {
      app.timeOut(60_000)
      return hang(request)
    })
    expect(await toAnswer(await pass())).toEqual([504, 'wechat_timeout'])
    answering(() => {
      const pull = (controller: ReadableStreamDefaultController) => {
        app.timeOut(60_000)
        controller.error(new TypeError('terminated'))
      }
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
    })
    expect(await toAnswer(await pass())).toEqual([504, 'wechat_timeout'])
  })

  it('An answer that has begun may take longer than 5 seconds', async () => {
    answering(() => {
      const pull = (controller: ReadableStreamDefaultController) => {
        app.timeOut(5000)
        controller.enqueue(new TextEncoder().encode(OK))
        controller.close()
      }
      // Nothing is pulled before it is read.
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
    })
    expect(await toAnswer(await pass())).toEqual([200, OK])
  })

  it('A connection that fails is answered with wechat_unavailable, and neither answer nor log quotes the URL', async () => {
    answering(({ url }) => {
      throw new TypeError(`cannot connect to ${url}`)
    })
    expect(await (await pass(`${PATH}?secret=1`)).json()).toMatchObject({
      status: 502,
      code: 'wechat_unavailable',
      detail: 'WeChat gave no answer. The call may have had its effect.',
    })
    expect(app.warnings).toHaveLength(1)
    expect(app.warnings[0]).not.toMatch(/secret|token-of|wxa/)
  })
})

describe('the body of a call', () => {
  it('A body that breaks off is refused with invalid_request, and WeChat is not called', async () => {
    const calls = answering(() => new Response(OK))
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error('Network connection lost.')),
    })
    expect(await (await pass(PATH, { method: 'POST', body })).json()).toMatchObject({
      status: 400,
      errors: [{ path: '', message: 'was interrupted' }],
    })
    expect(calls).toEqual([])
  })
})

describe('the answer of the pass-through', () => {
  it('An answer of -1 is handed back and the call is not repeated', async () => {
    const busy = '{"errcode":-1,"errmsg":"system error"}'
    const calls = answering(() => new Response(busy))
    expect(await toAnswer(await pass())).toEqual([200, busy])
    expect([calls.length, app.sleeps]).toEqual([1, []])
  })

  it('An answer that breaks off within the first bytes is answered with wechat_unavailable', async () => {
    answering(() => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"errcode"')),
        pull: (controller) => controller.error(new Error('reset')),
      })
      return new Response(stream)
    })
    expect(await toAnswer(await pass())).toEqual([502, 'wechat_unavailable'])
  })

  it('An answer that breaks off later ends with an error for the caller', async () => {
    answering(() => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(8000)),
        pull: (controller) => controller.error(new Error('reset')),
      })
      return new Response(stream)
    })
    const response = await pass()
    expect(response.status).toBe(200)
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  it('An access_token is renewed if the errmsg of its rejection has a raw control character', async () => {
    const texts = ['{"errcode":40001,"errmsg":"invalid\n credential"}', OK]
    const calls = answering(() => new Response(texts.shift()))
    expect(await toAnswer(await pass())).toEqual([200, OK])
    expect(calls).toHaveLength(2)
  })

  it('An access_token is renewed if its rejection comes in parts', async () => {
    const texts = ['{"errcode":40001}', OK]
    const calls = answering(() => {
      const start = (controller: ReadableStreamDefaultController) => {
        for (const part of texts.shift()?.match(/.{1,10}/g) ?? []) {
          controller.enqueue(new TextEncoder().encode(part))
        }
        controller.close()
      }
      return new Response(new ReadableStream({ start }))
    })
    expect(await toAnswer(await pass())).toEqual([200, OK])
    expect(calls).toHaveLength(2)
  })

  it('A rejection of a larger call is handed back if there is no new access_token either', async () => {
    const rejection = '{"errcode":40001,"errmsg":"invalid credential"}'
    const tokens = [{ access_token: 'T1', expires_in: 7200 }]
    app.replace({
      fetch: async (request) => {
        if (new URL(request.url).pathname === '/cgi-bin/stable_token') {
          return Response.json(tokens.shift() ?? { errcode: 45009 })
        }
        await request.arrayBuffer()
        return new Response(rejection)
      },
    })
    const headers = { 'Content-Length': '70000' }
    const response = await pass(PATH, { method: 'POST', headers, body: new Uint8Array(70_000) })
    expect(await toAnswer(response)).toEqual([200, rejection])
  })

  it('A caller that reads no answer ends it at WeChat, too', async () => {
    const cancelled = Promise.withResolvers<void>()
    answering(() => {
      const start = (controller: ReadableStreamDefaultController) =>
        controller.enqueue(new Uint8Array(8000))
      return new Response(new ReadableStream({ start, cancel: () => cancelled.resolve() }))
    })
    const { body } = await pass()
    await Promise.all([body?.cancel(), cancelled.promise])
  })

  it('An errcode in an answer of more than 4 KiB is not looked for', async () => {
    const rejection = JSON.stringify({ errcode: 40001 })
    for (const [length, count] of [
      [4096, 2],
      [4097, 1],
    ] as const) {
      const calls = answering(() => new Response(rejection.padEnd(length)))
      expect(await toAnswer(await pass())).toEqual([200, rejection.padEnd(length)])
      expect(calls).toHaveLength(count)
    }
  })
})

describe('several mini programs', () => {
  const settings = { WECHAT_APPS: JSON.stringify({ [APPID]: APPSECRET, wx2: 's2' }) }

  it('appid in the query names the mini program and is not passed on', async () => {
    const calls = answering(() => new Response(OK), settings)
    for (const appid of ['wx2', APPID]) await pass(`${PATH}?a=1&appid=${appid}&b=2`)
    expect(calls.map(({ url }) => new URL(url).search)).toEqual([
      '?access_token=token-of-wx2&a=1&b=2',
      `?access_token=token-of-${APPID}&a=1&b=2`,
    ])
    expect(await toAnswer(await pass())).toEqual([400, 'appid_required'])
    expect(await toAnswer(await pass(`${PATH}?appid=wx3`))).toEqual([400, 'appid_unknown'])
    expect(calls).toHaveLength(2)
  })
})

describe('who may call the pass-through', () => {
  it('The path at WeChat is what follows the route, whatever the app is mounted under', async () => {
    const calls = answering(() => new Response(OK))
    const mounted = new Hono().route(
      '/wechat/apis',
      createHttpApp((env) => app.service(env)),
    )
    const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
    await mounted.request(`/wechat/apis/wechat/api${PATH}`, { headers }, app.bindings)
    expect(calls.map(({ url }) => new URL(url).pathname)).toEqual([PATH])
  })

  it('The pass-through needs a service key and does not exist without SERVICE_KEYS', async () => {
    const calls = answering(() => new Response(OK))
    const without = await app.request(`/wechat/api${PATH}`)
    expect(await toAnswer(without)).toEqual([401, 'service_key_required'])
    answering(() => new Response(OK), { SERVICE_KEYS: undefined })
    expect(await toAnswer(await pass())).toEqual([404, 'not_found'])
    expect(calls).toEqual([])
  })

  it('A call is logged with its route, status and no path', async () => {
    answering(() => new Response(OK, { status: 201 }))
    await pass()
    // The access_token is sought in KV, fetched and stored.
    const ms = 2 * (WECHAT_MILLISECONDS + KV_MILLISECONDS)
    expect(app.log.map((line) => JSON.parse(line))).toEqual([
      { level: 'info', method: 'GET', route: '/wechat/api/*', status: 201, ms },
    ])
  })
})
