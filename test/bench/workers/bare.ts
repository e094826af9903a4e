/**
 * The bare Worker that ours is compared with. It does what is necessary for the same answers and
 * nothing more: no checks, no errors, no encryption of what it stores.
 */

interface Env {
  readonly SESSIONS: KVNamespace
  readonly WECHAT_APPID: string
  readonly WECHAT_APPSECRET: string
  readonly WECHAT_API_BASE: string
}

interface User {
  readonly openid: string
  readonly session_key: string
}

export default {
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case '/login':
        return login(request, env)
      case '/session':
        return Response.json({ openid: (await requireSession(request, env)).openid })
      case '/open-data/verify':
        return verify(request, env)
      case '/open-data/decrypt':
        return decrypt(request, env)
      default:
        return Response.json({ status: 'ok' })
    }
  },
} satisfies ExportedHandler<Env>

async function login(request: Request, env: Env): Promise<Response> {
  const { code } = await request.json<{ code: string }>()
  const query = `appid=${env.WECHAT_APPID}&secret=${env.WECHAT_APPSECRET}&js_code=${code}`
  const path = `/sns/jscode2session?${query}&grant_type=authorization_code`
  const user = await (await fetch(env.WECHAT_API_BASE + path)).json<User>()
  const token = crypto.randomUUID()
  await env.SESSIONS.put(token, JSON.stringify(user), { expirationTtl: 604800 })
  return Response.json({ token })
}

async function requireSession(request: Request, env: Env): Promise<User> {
  const token = request.headers.get('Authorization')?.slice('Bearer '.length) ?? ''
  const user = await env.SESSIONS.get<User>(token, 'json')
  if (!user) throw new Error('no session')
  return user
}

async function verify(request: Request, env: Env): Promise<Response> {
  const { session_key } = await requireSession(request, env)
  const { rawData, signature } = await request.json<Record<string, string>>()
  const text = new TextEncoder().encode(`${rawData}${session_key}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', text)).toHex()
  return digest === signature
    ? Response.json({ data: JSON.parse(rawData ?? '') })
    : new Response(null, { status: 409 })
}

async function decrypt(request: Request, env: Env): Promise<Response> {
  const { session_key } = await requireSession(request, env)
  const { encryptedData = '', iv = '' } = await request.json<Record<string, string>>()
  const keyBytes = Uint8Array.fromBase64(session_key)
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['decrypt'])
  const algorithm = { name: 'AES-CBC', iv: Uint8Array.fromBase64(iv) }
  const data = await crypto.subtle.decrypt(algorithm, key, Uint8Array.fromBase64(encryptedData))
  return Response.json({ data: JSON.parse(new TextDecoder().decode(data)) })
}
