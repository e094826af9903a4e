import { describe, expect, it } from 'vitest'
import { pushRequest } from '../sandbox/push'
import { APPID } from './support/app'
import { ENDPOINT, PLAIN, TOKEN, usePush } from './support/push'

const { app, start, push } = usePush()

const ADVICE = 'choose JSON as data format (数据格式) of message push in the WeChat console'

const findReason = () => JSON.parse(app.warnings.at(-1) ?? '').reason

describe('the log of a push that is refused', () => {
  /** Sends a body with the signature of plain mode, which covers none. */
  async function send(body: BodyInit, path = '/wechat/events'): Promise<number> {
    const options = { appid: APPID, token: TOKEN, encodingAESKey: null, timestamp: app.clock.now }
    const { search } = new URL((await pushRequest(ENDPOINT, {}, options)).url)
    return (await app.request(`${path}${search}`, { method: 'POST', body })).status
  }

  it('The log says that a push is XML, and where to choose JSON, in plain and in safe mode', async () => {
    const xml = '<xml><ToUserName><![CDATA[gh_1]]></ToUserName></xml>'
    for (const settings of [{}, PLAIN]) {
      await start(settings)
      expect([await send(xml), findReason()]).toEqual([400, `the body is XML; ${ADVICE}`])
    }
  })

  it('The log says that a decrypted message is XML', async () => {
    expect(await push('<xml></xml>')).toEqual([400, 'invalid_request'])
    expect(findReason()).toBe(`the body is XML; ${ADVICE}`)
  })

  it.each<[string, BodyInit, number, string]>([
    ['is no JSON', 'a<b', 400, `the body is not a JSON object; ${ADVICE}`],
    ['is no object', '[]', 400, `the body is not a JSON object; ${ADVICE}`],
    ['is empty', '', 400, `the body is not a JSON object; ${ADVICE}`],
    ['is not UTF-8', new Uint8Array([0xff]), 400, 'the body must be UTF-8'],
    ['has more than 64 KiB', 'x'.repeat(65_537), 413, 'Request bodies are limited to 64 KiB.'],
  ])('The log has what a push that %s is answered', async (_, body, status, reason) => {
    await start(PLAIN)
    expect([await send(body), findReason()]).toEqual([status, reason])
  })

  it('The log says that a push is for a mini program that the server does not have', async () => {
    expect(await send('{}', '/wechat/events/wx0')).toBe(400)
    expect(findReason()).toBe('This server is not configured for that mini program.')
  })
})
