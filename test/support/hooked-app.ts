/** An app whose hook knows mini programs. */

import type { MiniProgramAnswer } from '../../src/login/hooks'
import { type LoginAnswer, type ProblemBody, useTestApp } from './app'

export const FOUND = 'wx2222222222222222'
export const OTHER = 'wx3333333333333333'
export const SECRET = 'the-second-appsecret'

/** The answer of a hook that knows one mini program. */
export const onlyFound = (appid: string) => (appid === FOUND ? { appsecret: SECRET } : null)

export async function toAnswer(response: Response) {
  return { ...(await response.json<LoginAnswer & ProblemBody>()), status: response.status }
}

export function useHookedApp() {
  const app = useTestApp()
  /** The AppIDs that the hook has been asked about since the start. */
  const asked: string[] = []

  return {
    app,
    asked,

    /** Starts an app whose hook gives this answer for every AppID; a function gives it at each question. */
    start(answer: unknown, settings: Record<string, unknown> = {}): void {
      asked.length = 0
      const findMiniProgram = async ({ appid }: { appid: string }) => {
        asked.push(appid)
        return (typeof answer === 'function' ? answer(appid) : answer) as MiniProgramAnswer
      }
      app.replace({ apps: { [FOUND]: SECRET }, hooks: { findMiniProgram }, settings })
    },

    async tryLogin(appid: string | null = FOUND) {
      const code = await app.wxLogin(appid === FOUND ? { appid } : {})
      const body = { code, ...(appid !== null && { appid }) }
      return toAnswer(await app.send('POST', '/login', { body }))
    },

    fetchStatus: async (token: string) => (await app.send('GET', '/session', { token })).status,
  }
}
