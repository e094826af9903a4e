import { describe, expect, it } from 'vitest'
import readme from '../README.md?raw'
import { createApp } from '../src/app'

describe('the routes', () => {
  it('are all in the README, and it has no others', () => {
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
    const told = [...readme.matchAll(/^\| `((?:GET|POST|DELETE) \S+)`/gm)].map(([, route]) => route)
    const besides = ['GET /wechat/events/:appid', 'POST /wechat/events/:appid']
    expect(new Set([...told, ...besides])).toEqual(new Set(routes))
  })
})
