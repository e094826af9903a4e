/** Compiles if the client's functions return what their documentation says: checked, never run. */

import {
  type Authorization,
  type ClientErrorCode,
  type ClientOptions,
  Code2SessionError,
  createClient,
  type Device,
  type PaymentParameters,
  type WxResponse,
} from '../../../src/client'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? A : never

const options: ClientOptions = {
  baseUrl: 'https://login.example.com',
  hosts: ['https://api.example.com'],
  accessTokens: true,
  // A backend may annotate what it answers.
  loginWhen: ({ data }: WxResponse<{ errno: number }>) => data.errno === 501,
}

export const client = createClient(options)

export async function useEverything(e: { detail: { code: string } }, shareTicket: string) {
  // Without a type argument, data is any, as in WeChat's own typings.
  const session = await client.request({ url: '/session' })
  session.data.userId.slice(1)

  const typed = await client.request<{ userId: string }>({ url: '/session', login: false })
  typed.data.userId satisfies string
  // @ts-expect-error: the type argument counts.
  typed.data.nickname

  const accessToken = await client.accessToken()
  accessToken satisfies string

  const steps = await client.weRun()
  steps.data satisfies { stepInfoList: { timestamp: number; step: number }[] }
  steps.timestamp satisfies string

  const { data } = await client.userInfo()
  data.nickName satisfies string
  data.gender satisfies 0 | 1 | 2
  // @ts-expect-error: the server removes openId.
  data.openId

  const group = await client.openData<{ openGId: string }>(() => wx.getShareInfo({ shareTicket }))
  group.data.openGId satisfies string
  const unknown = await client.openData(() => wx.getShareInfo({ shareTicket }))
  unknown.data.openGId satisfies Same<typeof unknown.data.openGId, unknown>

  const { phoneNumber } = await client.phoneNumber(e.detail)
  phoneNumber satisfies string
  const outcome = await client.authorize('scope.werun')
  outcome satisfies Same<typeof outcome, Authorization>
  const parameters = await client.request<{ parameters: PaymentParameters }>({ url: '/orders' })
  const paid = await client.pay(parameters.data.parameters)
  paid satisfies Same<typeof paid, 'ok' | 'cancelled'>
  // @ts-expect-error: the package of wx.requestPayment is missing.
  await client.pay({ timeStamp: '1', nonceStr: 'n', signType: 'RSA', paySign: 's' })
  const devices = await client.sessions()
  devices satisfies Device[]
}

export function explain(error: unknown): string | undefined {
  if (!(error instanceof Code2SessionError)) return undefined
  if (error.code === ('url_invalid' satisfies ClientErrorCode)) return error.message
  error.action satisfies 'login_again' | 'retry_later' | 'fix_request' | 'stop'
  return error.errors?.map(({ path, message }) => `${path} ${message}`).join()
}
