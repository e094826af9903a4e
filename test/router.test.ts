import { PatternRouter } from 'hono/router/pattern-router'
import { describe, expect, it } from 'vitest'
import { MemoRouter } from '../src/core/router'

const ROUTES = [
  ['ALL', '/*'],
  ['GET', '/sessions'],
  ['DELETE', '/sessions'],
  ['DELETE', '/sessions/:id'],
  ['ALL', '/users/:userId/sessions'],
] as const

describe('the router', () => {
  it("the router finds what Hono's finds, however often it is asked", () => {
    const [router, peer] = [new MemoRouter<string>(), new PatternRouter<string>()]
    for (const [method, path] of ROUTES) {
      for (const each of [router, peer]) each.add(method, path, `${method} ${path}`)
    }
    for (const path of [
      '/',
      '/sessions',
      '/sessions/',
      '/sessions/a',
      '/sessions/:id',
      '/users/u/sessions',
    ]) {
      for (const method of ['GET', 'DELETE', 'GET', 'PUT', 'DELETE']) {
        expect(router.match(method, path)).toEqual(peer.match(method, path))
      }
    }
  })

  it('a route that is added after a request to its path is found by the next request', () => {
    const router = new MemoRouter<string>()
    router.add('GET', '/health', 'first')
    expect(router.match('GET', '/health')[0]).toHaveLength(1)
    router.add('ALL', '/*', 'second')
    expect(router.match('GET', '/health')[0]).toHaveLength(2)
  })
})
