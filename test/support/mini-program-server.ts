/** The server of `npm run dev` over HTTP, as the tests of the example mini program use it. */

import { buildSandbox, buildSandboxPayments } from './built-worker'
import { CREDENTIALS, pressOnPhone, send } from './environment'
import { type MiniflareWorker, startMiniflare } from './miniflare'

const LOGIN = 'code2session-sandbox'
const PAY = 'code2session-pay-sandbox'

export type Server = Awaited<ReturnType<typeof startServer>>

export interface ServerOptions {
  /** Whether the payments Worker runs, too. */
  readonly hasPayments?: boolean
  /** Called with the address of each socket that a Worker opens. All are refused. */
  readonly onSocket?: (address: string) => void
}

export async function startServer({ hasPayments = false, onSocket }: ServerOptions = {}) {
  const { code, texts } = await buildSandbox()
  const login: MiniflareWorker = {
    name: LOGIN,
    code: refuseSockets(code),
    texts,
    bindings: CREDENTIALS,
    kvNamespaces: ['SESSIONS'],
    ...(hasPayments && { services: { PAY } }),
  }
  const { url, close } = await startMiniflare(
    hasPayments ? [login, await buildPaymentsWorker()] : [login],
    {
      onLog: (line) => {
        if (line.startsWith(REFUSED)) onSocket?.(line)
      },
    },
  )

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

/** With the bindings of sandbox/pay/wrangler.toml. */
async function buildPaymentsWorker(): Promise<MiniflareWorker> {
  const toSandbox = (entrypoint: string) => ({ name: LOGIN, entrypoint })
  return {
    name: PAY,
    code: refuseSockets((await buildSandboxPayments()).code),
    bindings: { SERVICE_KEYS: 'the-sandbox-payments-key-is-public-too' },
    services: {
      LOGIN: toSandbox('LoginService'),
      HOOKS: toSandbox('PaymentHooks'),
      WECHAT_PAY: toSandbox('WeChatPay'),
    },
  }
}

const REFUSED = 'a socket is refused: '

/** The sandbox needs no internet: a socket that its code opens fails, and its address is logged. */
function refuseSockets(code: string): string {
  const connect = `({ hostname, port }) => {
    console.warn('${REFUSED}' + hostname + ':' + port)
    throw new Error('refused')
  }`
  const [statement, name = 'connect'] =
    /import \{ connect(?: as (\w+))? \} from "cloudflare:sockets";/.exec(code) ?? []
  if (!statement) throw new Error('the code imports no sockets')
  return code.replace(statement, () => `const ${name} = ${connect};`)
}
