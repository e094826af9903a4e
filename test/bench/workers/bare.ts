/**
 * The bare Worker that ours is compared with. It does what is necessary for the same answers and
 * nothing more: no checks, no errors, no encryption of what it stores.
 */

import { WorkerEntrypoint } from 'cloudflare:workers'

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
        return Response.json({ openid: (await requireSession(readToken(request), env)).openid })
      case '/session/access-token':
        return issue(request, env)
      case '/introspect':
        return introspect(request, env)
      case '/open-data/decrypt':
        return decrypt(request, env)
      default:
        return Response.json({ status: 'ok' })
    }
  },
} satisfies ExportedHandler<Env>

export class LoginService extends WorkerEntrypoint<Env> {
  async verify(token: string) {
    const { openid } = await requireSession(token, this.env)
    return { ok: true, session: { openid } }
  }
}

async function login(request: Request, env: Env): Promise<Response> {
  const { code } = await request.json<{ code: string }>()
  const query = `appid=${env.WECHAT_APPID}&secret=${env.WECHAT_APPSECRET}&js_code=${code}`
  const path = `/sns/jscode2session?${query}&grant_type=authorization_code`
  const user = await (await fetch(env.WECHAT_API_BASE + path)).json<User>()
  const token = crypto.randomUUID()
  await env.SESSIONS.put(token, JSON.stringify(user), { expirationTtl: 604800 })
  return Response.json({ token })
}

function readToken(request: Request): string {
  return request.headers.get('Authorization')?.slice('Bearer '.length) ?? ''
}

async function requireSession(token: string, env: Env): Promise<User> {
  const user = await env.SESSIONS.get<User>(token, 'json')
  if (!user) throw new Error('no session')
  return user
}

/** Signs nothing: what a JWT access token costs is all ours. */
async function issue(request: Request, env: Env): Promise<Response> {
  const accessToken = readToken(request)
  await requireSession(accessToken, env)
  return Response.json({ accessToken })
}

async function introspect(request: Request, env: Env): Promise<Response> {
  const token = new URLSearchParams(await request.text()).get('token') ?? ''
  const { openid } = await requireSession(token, env)
  return Response.json({ active: true, openid })
}

async function decrypt(request: Request, env: Env): Promise<Response> {
  const { session_key } = await requireSession(readToken(request), env)
  const { encryptedData = '', iv = '' } = await request.json<Record<string, string>>()
  const keyBytes = Uint8Array.fromBase64(session_key)
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['decrypt'])
  const algorithm = { name: 'AES-CBC', iv: Uint8Array.fromBase64(iv) }
  const data = await crypto.subtle.decrypt(algorithm, key, Uint8Array.fromBase64(encryptedData))
  return Response.json({ data: JSON.parse(new TextDecoder().decode(data)) })
}
