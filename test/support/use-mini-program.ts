/** The example mini program on a phone, with a server of its own for each file of tests. */

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Config, type MiniProgram, startMiniProgram } from './mini-program'
import { type Server, startServer } from './mini-program-server'
import { createWx, type Phone, type WxOptions } from './mini-program-wx'

interface MiniProgramOptions {
  /** The phone of each test. */
  readonly phone?: WxOptions
  /** Whether the server has the payments Worker, too. */
  readonly hasPayments?: boolean
}

interface Restart {
  readonly config?: Partial<Config>
  /** Another phone than before. */
  readonly phone?: WxOptions
  /** In place of the phone's. */
  readonly wx?: object
}

/** Starts a server before the tests of this file, and a phone with the mini program before each. */
export function useMiniProgram(options: MiniProgramOptions = {}) {
  let server: Server
  let phone: Phone
  let miniProgram: MiniProgram

  function restart({ config = {}, phone: other, wx }: Restart = {}): void {
    if (other) phone = createWx(server.url, other)
    const { origin: baseUrl } = server.url
    miniProgram = startMiniProgram(wx ?? phone.wx, { baseUrl, sandbox: false, ...config })
  }

  beforeAll(async () => {
    server = await startServer(options)
  })
  afterAll(() => server.close())
  beforeEach(() => restart({ phone: options.phone ?? {} }))
  afterEach(() => server.endSessions())

  return {
    get server() {
      return server
    },
    get phone() {
      return phone
    },
    get miniProgram() {
      return miniProgram
    },
    /** Starts the mini program again. */
    restart,
  }
}
