/** Asks a backend elsewhere, which answers as a hook does. Each request is signed. */

export interface Backend {
  readonly url: string
  readonly secret: string
}

/**
 * The backend to ask; `null` where `BACKEND_URL` is not set.
 *
 * @throws {Error} if the secret is missing, or the URL would send openids over plain http
 */
export function findBackend(env: { BACKEND_URL?: string; BACKEND_SECRET?: string }) {
  const { BACKEND_URL: url, BACKEND_SECRET: secret } = env
  if (!url) return null
  if (!secret) throw new Error('BACKEND_SECRET is missing')
  if (!/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/.test(url)) {
    throw new Error('BACKEND_URL must start with https://')
  }
  return { url, secret } satisfies Backend
}

/**
 * Posts `{"hook","argument"}`. `X-Signature` is the HMAC-SHA256, in hex, of the text
 * `<X-Timestamp>.<body>` under the secret.
 *
 * @returns the JSON of the answer; `null` for 204
 * @throws {Error} for every other status, so that nobody gets in and no payment is lost
 */
export async function forward<Answer>(
  { url, secret }: Backend,
  hook: string,
  argument: unknown,
): Promise<Answer | null> {
  const body = JSON.stringify({ hook, argument })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = await sign(`${timestamp}.${body}`, secret)
  const headers = { 'X-Timestamp': timestamp, 'X-Signature': signature }
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
    // The body must not follow a redirect to another host.
    redirect: 'manual',
    // The Worker that asks does not wait longer.
    signal: AbortSignal.timeout(2000),
  })
  if (response.status === 204) return null
  if (response.status === 200) return response.json<Answer>()
  await response.body?.cancel()
  throw new Error(`The backend answered with status ${response.status}`)
}

async function sign(text: string, secret: string): Promise<string> {
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const usages = ['sign']
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, usages)
  const signature = await crypto.subtle.sign('HMAC', key, encoder.encode(text))
  return new Uint8Array(signature).toHex()
}
