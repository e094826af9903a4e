/** The server of `npm run dev` over HTTP, as the tests of the example mini program use it. */

import { buildSandbox, serve } from './built-worker'
import { CREDENTIALS, pressOnPhone, send } from './environment'

export type Server = Awaited<ReturnType<typeof startServer>>

export async function startServer() {
  const { url, close } = await serve(buildSandbox(), { bindings: CREDENTIALS })

  /** Logs alice in on another phone. */
  async function logInElsewhere(): Promise<string> {
    const { code } = await pressOnPhone(url, 'wx.login')
    const { answer } = await send(url, 'POST', '/login', { body: { code: code as string } })
    return (answer as { token: string }).token
  }

  return {
    url,
    logInElsewhere,
    /** The status of `GET /session`. */
    fetchStatus: async (token: string) => (await send(url, 'GET', '/session', { token })).status,
    /** Ends all sessions of the user, so that the next test does not list them. */
    endSessions: async () => {
      await send(url, 'DELETE', '/sessions', { token: await logInElsewhere() })
    },
    close,
  }
}
