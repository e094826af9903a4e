/** What WeChat pushes to the app under test, about a user who is logged in. */

import { env } from 'cloudflare:workers'
import { beforeEach } from 'vitest'
import { pushRequest } from '../../sandbox/push'
import { APPID, type ProblemBody, useTestApp } from './app'

export const TOKEN = env.WECHAT_PUSH_TOKEN
export const AES_KEY = env.WECHAT_PUSH_AES_KEY
/** The settings of plain mode. */
export const PLAIN = { WECHAT_PUSH_AES_KEY: undefined }
export const ENDPOINT = 'https://login.example/wechat/events'

interface Push {
  readonly url?: string
  readonly appid?: string
  /** In seconds. */
  readonly age?: number
  readonly token?: string
  /** `null` in plain mode. */
  readonly key?: string | null
}

/** Logs a user in before each test of a file. */
export function usePush() {
  const app = useTestApp()
  const session = { token: '', openid: '' }

  async function start(settings: Record<string, unknown> = {}) {
    app.replace({ settings })
    session.token = (await app.login()).token
    session.openid = await app.getOpenid()
  }
  beforeEach(() => start())

  async function push(event: object | string, options: Push = {}): Promise<[number, string]> {
    const { url = ENDPOINT, appid = APPID, age = 0, key = AES_KEY } = options
    const request = await pushRequest(url, event, {
      appid,
      token: options.token ?? TOKEN,
      encodingAESKey: key,
      timestamp: app.clock.now - age,
    })
    return toAnswer(await app.receive(request))
  }

  /** An event about the user: a revocation, if no other is named. */
  function event(other: object = {}): object {
    const Event = 'user_authorization_revoke'
    const CreateTime = app.clock.now
    const sender = { ToUserName: 'gh_1', FromUserName: 'oWeChat', CreateTime, MsgType: 'event' }
    const user = { OpenID: session.openid, AppID: APPID, RevokeInfo: '6' }
    return { ...sender, Event, ...user, ...other }
  }

  /** Whether the user's session has not ended. */
  async function isAlive(): Promise<boolean> {
    return (await app.send('GET', '/session', { token: session.token })).status === 200
  }

  return { app, session, start, push, event, isAlive }
}

/** The status, and the text or the code of the problem. */
export async function toAnswer(response: Response): Promise<[number, string]> {
  const text = await response.text()
  return [response.status, response.ok ? text : (JSON.parse(text) as ProblemBody).code]
}
