import { describe, expect, it } from 'vitest'
import api from '../docs/api.md?raw'
import { createApp } from '../src/http/app'
import { openapi } from '../src/openapi/document'

describe('the routes', () => {
  it('are all in openapi.json, and it has no others', () => {
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const described = Object.entries(openapi().paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    expect(new Set(described)).toEqual(new Set(routes))
  })

  it('are all in docs/api.md, and it has no others', () => {
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
    const told = [...api.matchAll(/^\| \[?`((?:GET|POST|DELETE) \S+)`/gm)].map(([, route]) => route)
    const besides = ['GET /wechat/events/:appid', 'POST /wechat/events/:appid']
    expect(new Set([...told, ...besides])).toEqual(new Set(routes))
  })
})
