import { describe, expect, it } from 'vitest'
import { type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()

const json = { 'Content-Type': 'application/json' }

describe('a request body', () => {
  const post = (headers: Record<string, string>, body: BodyInit) =>
    app.request('/login', { method: 'POST', headers, body })

  it.each([
    ['not JSON', '{"code":'],
    ['not an object', '"code"'],
    ['an array', '[{"code":"x"}]'],
    ['null', 'null'],
    ['empty', ''],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ])('A body that is %s is refused with invalid_request', async (_, body) => {
    const response = await post(json, body)
    const problem = await response.json<ProblemBody>()
    expect([problem.status, problem.code]).toEqual([400, 'invalid_request'])
    expect(problem.errors).toEqual([{ path: '', message: expect.any(String) }])
  })

  it('No value of a body appears in the answer', async () => {
    const { token } = await app.login()
    const probe = 'PROBE-8f14e45f'
    const bodies = [`"${probe}"`, `{"code":["${probe}"]}`, `{"code":"${probe.repeat(99)}"}`, probe]
    for (const body of bodies) {
      expect(await (await post(json, body)).text()).not.toContain(probe)
    }
    const body = { encryptedData: probe, iv: probe, rawData: 1, signature: [probe] }
    const response = await app.send('POST', '/open-data/decrypt', { token, body })
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain(probe)
  })

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/jsonp'],
    ['application/+json'],
    ['text/application/json'],
    ['application/json; charset=gbk'],
    ['application/json; charset = gbk'],
    ['application/json; charset=utf-80'],
    ['application/json; charset=utf-8; charset=gbk'],
    ['application/json; charset=gbk; charset=utf-8'],
  ])('A body of type %s is refused with unsupported_media_type', async (type) => {
    expect((await post({ 'Content-Type': type }, '{"code":"x"}')).status).toBe(415)
  })

  it('A compressed body is refused with unsupported_media_type', async () => {
    const headers = { ...json, 'Content-Encoding': 'gzip' }
    expect((await post(headers, '{"code":"x"}')).status).toBe(415)
  })

  it.each([
    ['application/json; charset=UTF-8'],
    ['application/json ;charset="utf8"'],
    ['application/json; charset = utf-8 ; a=b'],
    ['Application/JSON'],
    ['application/vnd.a+json'],
  ])('A body of type %s is read as JSON', async (type) => {
    const response = await post({ 'Content-Type': type }, '{"code":"x"}')
    expect((await response.json<ProblemBody>()).code).toBe('code_invalid')
  })

  it('A body of more than 64 KiB is refused with body_too_large, with or without a Content-Length', async () => {
    const bytes = (length: number) => new TextEncoder().encode(`{"code":"x"}`.padEnd(length))
    const streamed = (length: number) => new Response(bytes(length)).body ?? ''
    expect((await post(json, bytes(65_536))).status).toBe(400)
    const declared = { ...json, 'Content-Length': '65536' }
    expect((await post(declared, bytes(65_536))).status).toBe(400)
    expect((await post(json, bytes(65_537))).status).toBe(413)
    expect((await post(json, streamed(65_537))).status).toBe(413)
  })

  it('A longer body without a Content-Length is read up to 64 KiB, and the rest is cancelled', async () => {
    let sent = 0
    let isCancelled = false
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 1024
        if (sent > 1_000_000) controller.error(new Error('it was read on'))
        controller.enqueue(new Uint8Array(1024))
      },
      cancel: () => {
        isCancelled = true
      },
    })
    expect((await post(json, endless)).status).toBe(413)
    expect([sent < 70_000, isCancelled]).toEqual([true, true])
  })

  it.each([
    ['a declared', { 'Content-Length': '12' }],
    ['an undeclared', {}],
  ])('A body of %s length that breaks off is refused with invalid_request', async (_, length) => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"code"')),
      pull: (controller) => controller.error(new Error('Network connection lost.')),
    })
    const response = await post({ ...json, ...length }, body)
    const problem = await response.json<ProblemBody>()
    expect([problem.code, problem.errors]).toEqual([
      'invalid_request',
      [{ path: '', message: 'was interrupted' }],
    ])
  })
})
