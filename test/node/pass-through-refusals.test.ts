/** What the pass-through refuses, over real HTTP and real RPC, without a call to WeChat. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../support/backend'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.close())
beforeEach(() => void backend.wechat.takeRecorded())

const codeIn = ({ text }: { text: string }) => (JSON.parse(text) as { code: string }).code

describe('what the pass-through refuses', () => {
  it.each([
    '/sns/jscode2session',
    '/sns/userinfo',
    '/cgi-bin/token',
    '/CGI-BIN/Token',
    '/cgi-bin/stable_token',
    '/cgi-bin/ticket/getticket',
    '/cgi-bin/component/api_component_token',
    '/cgi-bin/clear_quota',
    '/cgi-bin/clear_quota/v2',
    '/cgi-bin/openapi/quota/clear',
    '/wxa/checksession',
    '/wxa/resetusersessionkey',
    '/wxa/business/getuserencryptkey',
    '/tcb/getqcloudtoken',
    '//evil.example/x',
    '@evil.example/x',
    '.evil.example/x',
    '/wxa/../sns/jscode2session',
    '/wxa/%2e%2e/sns/jscode2session',
    '/wxa/%2E%2E/%2e%2e/x',
    '/%73ns/jscode2session',
    '/./sns/jscode2session',
    '/wxa/./x/',
    '/wxa/x/',
    '/wxa//x',
    '/wxa/x;a=1',
    '/wxa/x%20y',
    '/wxa/x%00',
    '/wxa\\..\\sns\\jscode2session',
    '/sns\\jscode2session',
    '/',
    '',
  ])('the path %j is refused, over HTTP and RPC, and WeChat is not asked', async (path) => {
    const reply = await backend.pass(path)
    // What the platform resolves to another path of this server has another route.
    expect([403, 404]).toContain(reply.status)
    const rpc = await fetch(new URL('/rpc/wechat', backend.url), {
      method: 'POST',
      body: JSON.stringify([path]),
    })
    expect(await rpc.json()).toMatchObject({ status: 403, code: 'wechat_path_refused' })
    expect(backend.wechat.takeRecorded()).toEqual([])
  })

  it('a query with access_token is refused with invalid_request, and WeChat is not asked', async () => {
    const reply = await backend.pass('/wxa/x?access_token=mine')
    expect([reply.status, codeIn(reply)]).toEqual([400, 'invalid_request'])
    const rpc = await backend.call('wechat', '/wxa/x', { query: { access_token: 'mine' } })
    expect(rpc).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(backend.wechat.takeRecorded()).toEqual([])
  })

  it('wechat of RPC answers invalid_request for arguments of the wrong type', async () => {
    const wrong: [unknown, unknown, string][] = [
      [7, {}, 'path'],
      ['/wxa/x', null, ''],
      ['/wxa/x', { method: 'CONNECT' }, 'method'],
      ['/wxa/x', { query: { a: 1 } }, 'query'],
      ['/wxa/x', { headers: { 'a b': '1' } }, 'headers'],
      ['/wxa/x', { body: 7 }, 'body'],
      ['/wxa/x', { appid: 7 }, 'appid'],
    ]
    for (const [path, options, field] of wrong) {
      expect(await backend.call('wechat', path, options)).toMatchObject({
        status: 400,
        code: 'invalid_request',
        errors: [{ path: field }],
      })
    }
    expect(backend.wechat.takeRecorded()).toEqual([])
  })
})
