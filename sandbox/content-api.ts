/** Calls of WeChat's server API that a backend makes through the Worker: codes, links and media. */

import { Hono } from 'hono'
import type { AccessTokens } from './access-tokens'
import { MINI_PROGRAM_CODE } from './mini-program-code'
import { readObject, refuse, respond, tokenError } from './responses'
import type { Users } from './users'

interface ContentApiOptions {
  readonly now: () => number
  readonly users: Users
  readonly tokens: AccessTokens
}

interface Media {
  readonly bytes: ArrayBuffer
  readonly type: string
}

/** Paths of calls that need an access_token. */
const PATHS = [
  '/wxa/getwxacodeunlimit',
  '/wxa/msg_sec_check',
  '/wxa/generate_urllink',
  '/cgi-bin/media/*',
]

const SCENE = /^[\w!#$&'()*+,/:;=?@~.-]{1,32}$/
const MEDIA_TYPES = ['image', 'voice', 'video', 'thumb']
const MAX_MEDIA_BYTES = 10 * 1024 * 1024
/** The oldest media are dropped beyond this number, to bound the memory. */
const MAX_MEDIA = 5
/** The text of WeChat's own example of unwelcome content begins with this. */
const RISKY_TEXT = '特3456书yuuo莞6543李zxcz蒜7782法fgnv级'

export function createContentApi({ now, users, tokens }: ContentApiOptions): Hono {
  const api = new Hono()
  const media = new Map<string, Media>()

  for (const path of PATHS) {
    api.use(path, async (c, next) => {
      const appid = tokens.findAppid(c.req.query('access_token'))
      return appid === null ? tokenError(c) : next()
    })
  }

  api.post('/wxa/getwxacodeunlimit', async (c) => {
    const { scene, page } = (await readObject(c)) ?? {}
    if (typeof scene !== 'string' || !SCENE.test(scene)) {
      return refuse(40169, 'invalid length for scene, or the data is not json string')
    }
    if (page !== undefined && !/^[\w-]+(\/[\w-]+)*$/.test(String(page))) {
      return refuse(41030, 'invalid page')
    }
    const picture = Uint8Array.fromBase64(MINI_PROGRAM_CODE)
    return new Response(picture, { headers: { 'Content-Type': 'image/png' } })
  })

  api.post('/wxa/msg_sec_check', async (c) => {
    const body = await readObject(c)
    if (!body) return refuse(47001, 'data format error')
    const appid = tokens.findAppid(c.req.query('access_token')) ?? ''
    const { openid, content } = body
    if (!users.findByOpenid(appid, String(openid))) return refuse(40003, 'invalid openid')
    if (typeof content !== 'string' || content === '') return refuse(44004, 'empty content')
    const isRisky = content.includes(RISKY_TEXT)
    const result = { suggest: isRisky ? 'risky' : 'pass', label: isRisky ? 20001 : 100 }
    const detail = [{ strategy: 'content_model', errcode: 0, ...result, prob: 90 }]
    return respond({ errcode: 0, errmsg: 'ok', detail, trace_id: crypto.randomUUID(), result })
  })

  api.post('/wxa/generate_urllink', async (c) => {
    if (!(await readObject(c))) return refuse(47001, 'data format error')
    const url_link = `https://wxaurl.cn/${crypto.randomUUID().slice(0, 11)}`
    return respond({ errcode: 0, errmsg: 'ok', url_link })
  })

  /** A form with one file, `media`. */
  api.post('/cgi-bin/media/upload', async (c) => {
    const { type = '' } = c.req.query()
    if (!MEDIA_TYPES.includes(type)) return refuse(40004, 'invalid media type')
    const form = await c.req.formData().catch(() => null)
    const file: unknown = form?.get('media')
    if (!(file instanceof File) || file.size === 0) return refuse(41005, 'media data missing')
    if (file.size > MAX_MEDIA_BYTES) return refuse(45001, 'media size out of limit')
    const media_id = crypto.randomUUID()
    media.set(media_id, { bytes: await file.arrayBuffer(), type: file.type })
    const oldest = media.keys().next().value
    if (media.size > MAX_MEDIA && oldest) media.delete(oldest)
    return respond({ type, media_id, created_at: now() })
  })

  api.get('/cgi-bin/media/get', (c) => {
    const found = media.get(c.req.query('media_id') ?? '')
    if (!found) return refuse(40007, 'invalid media_id')
    return new Response(found.bytes, { headers: { 'Content-Type': found.type } })
  })

  return api
}
