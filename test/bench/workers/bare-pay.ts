/**
 * The bare Worker that orders are compared with: it signs, fetches and signs again. It checks
 * neither what it is sent nor who has signed the answer.
 */

interface Env {
  readonly WECHAT_PAY_MCHID: string
  readonly WECHAT_PAY_CERT_SERIAL_NO: string
  readonly WECHAT_PAY_PUBLIC_KEY_ID: string
  readonly WECHAT_PAY_NOTIFY_URL: string
  readonly WECHAT_PAY_PRIVATE_KEY: string
  readonly WECHAT_PAY_API_BASE: string
}

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const PATH = '/v3/pay/transactions/jsapi'
let key: Promise<CryptoKey> | null = null

export default {
  async fetch(request, env) {
    if (request.method === 'GET') return Response.json({ status: 'ok' })
    const order = await request.json<Record<string, string | number>>()
    const { appid, openid, outTradeNo, description, total } = order
    key ??= importKey(env.WECHAT_PAY_PRIVATE_KEY)
    const mchid = env.WECHAT_PAY_MCHID
    const body = JSON.stringify({
      appid,
      mchid,
      description,
      out_trade_no: outTradeNo,
      notify_url: env.WECHAT_PAY_NOTIFY_URL,
      amount: { total, currency: 'CNY' },
      payer: { openid },
    })
    const timeStamp = String(Math.floor(Date.now() / 1000))
    const nonceStr = crypto.randomUUID().replaceAll('-', '')
    const signature = await sign(`POST\n${PATH}\n${timeStamp}\n${nonceStr}\n${body}\n`, await key)
    const parameters = `mchid="${mchid}",nonce_str="${nonceStr}",signature="${signature}",timestamp="${timeStamp}",serial_no="${env.WECHAT_PAY_CERT_SERIAL_NO}"`
    const answer = await fetch(env.WECHAT_PAY_API_BASE + PATH, {
      method: 'POST',
      headers: {
        Authorization: `WECHATPAY2-SHA256-RSA2048 ${parameters}`,
        Accept: 'application/json',
        'Content-Type': 'application/json',
        'User-Agent': 'bare',
        'Wechatpay-Serial': env.WECHAT_PAY_PUBLIC_KEY_ID,
      },
      body,
    })
    const prepay = `prepay_id=${(await answer.json<{ prepay_id: string }>()).prepay_id}`
    const paySign = await sign(`${appid}\n${timeStamp}\n${nonceStr}\n${prepay}\n`, await key)
    return Response.json({ timeStamp, nonceStr, package: prepay, signType: 'RSA', paySign })
  },
} satisfies ExportedHandler<Env>

async function sign(text: string, key: CryptoKey): Promise<string> {
  const signature = await crypto.subtle.sign(RSA.name, key, new TextEncoder().encode(text))
  return new Uint8Array(signature).toBase64()
}

function importKey(pem: string): Promise<CryptoKey> {
  const der = Uint8Array.fromBase64(pem.replace(/-----[^-]+-----|\s/g, ''))
  return crypto.subtle.importKey('pkcs8', der, RSA, false, ['sign'])
}
