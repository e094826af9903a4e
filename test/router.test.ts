/** The router, beside two of Hono's on the same routes. */

import { HonoBase } from 'hono/hono-base'
import { type Router, UnsupportedPathError } from 'hono/router'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { TrieRouter } from 'hono/router/trie-router'
import { describe, expect, it } from 'vitest'
import { PathRouter } from '../src/core/router'

const ROUTES = [
  ['ALL', '/*'],
  ['GET', '/health'],
  ['GET', '/sessions'],
  ['DELETE', '/sessions/:id'],
  ['ALL', '/session-key/*'],
  ['POST', '/session-key/sign'],
  ['DELETE', '/users/:userId/sessions'],
  ['ALL', '/wechat/api/*'],
  ['GET', '/wechat/events'],
  ['GET', '/wechat/events/:appid'],
  ['POST', '/payments/:outTradeNo/close'],
] as const

const PATHS = [
  '/',
  '/health',
  '/Health',
  '/health/',
  '/healthy',
  '/sessions',
  '/sessions/',
  '/sessions/a.b~c',
  '/sessions/a/b',
  '/session-key',
  '/session-key/',
  '/session-key/sign',
  '/session-keys',
  '/users//sessions',
  '/users/u/sessions',
  '/users/u/sessions/',
  '/users/u/session',
  '/wechat/api',
  '/wechat/api/cgi-bin/x',
  '/wechat/apis',
  '/wechat/events',
  '/wechat/events/wx1',
  '/payments/1/close',
  '/payments/1',
  '//',
]

function match(router: Router<string>, method: string, path: string) {
  const [found, stash] = router.match(method, path)
  return found.map(([route, params]) => {
    const values = Object.entries(params).map(([name, value]) => [
      name,
      stash ? stash[Number(value)] : value,
    ])
    return [route, Object.fromEntries(values)]
  })
}

describe('the router', () => {
  it.each([
    ['RegExpRouter', new RegExpRouter<string>()],
    ['TrieRouter', new TrieRouter<string>()],
  ])('the router finds what the %s of Hono finds', (_, peer) => {
    const router = new PathRouter<string>()
    for (const [method, path] of ROUTES) {
      router.add(method, path, `${method} ${path}`)
      peer.add(method, path, `${method} ${path}`)
    }
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
      for (const path of PATHS) {
        expect([method, path, match(router, method, path)]).toEqual([
          method,
          path,
          match(peer, method, path),
        ])
      }
    }
  })

  it('a path that is spelled as a route is has its parameters', () => {
    const router = new PathRouter<string>()
    router.add('DELETE', '/sessions/:id', 'end')
    expect(match(router, 'DELETE', '/sessions/:id')).toEqual([['end', { id: ':id' }]])
  })

  it.each(['/files/:name?', '/:id{[0-9]+}', '/files*', '/*/raw', '/:id/*'])(
    'a route with a pattern that only other routers know is refused: %s',
    (path) => {
      const app = new HonoBase({ router: new PathRouter() })
      expect(() => app.get(path, (c) => c.text(''))).toThrow(UnsupportedPathError)
    },
  )
})
