import { describe, expect, it } from 'vitest'
import api from '../docs/api.md?raw'
import english from '../docs/backends.md?raw'
import chinese from '../docs/zh-CN/backends.md?raw'
import { OPERATIONS } from '../openapi/login/operations'
import { createApp } from '../src/index'
import { createService } from '../src/login/service'
import { createLoginService } from '../src/workers/login-service'
import { workersRuntime } from '../src/workers/runtime'
import { type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()

describe('the routes', () => {
  it('openapi.json describes every route and no others', () => {
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const passThrough = ['get /wechat/api/{path}', 'post /wechat/api/{path}']
    const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(described)).toEqual(new Set([...routes, ...passThrough]))
  })

  it('docs/api.md lists every route and no others', () => {
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
    const listed = [...api.matchAll(/^\| \[`((?:GET|POST|DELETE|ANY) [^`]+)`\]/gm)].map(
      ([, route]) => route,
    )
    routes.push('ANY /wechat/api/*')
    const others = ['GET /wechat/events/:appid', 'POST /wechat/events/:appid']
    expect(new Set([...listed, ...others])).toEqual(new Set(routes))
  })
})

describe('the table of operations in docs/backends.md', () => {
  /** The names in a column: 1 is HTTP, 2 is RPC, 3 is createService. */
  const readColumn = (text: string, column: number) => {
    const [, table = ''] = text.split('| HTTP | RPC | `createService` |\n')
    const lines = table.split('\n\n')[0]?.split('\n').slice(1) ?? []
    const cells = lines.map((line) => line.split('|').slice(1, -1)[column] ?? '')
    return new Set(
      cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
    )
  }

  it.each([
    ['English', english],
    ['Chinese', chinese],
  ])('in %s it has every route, every RPC method and every method of the service', (_, text) => {
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
    expect(readColumn(text, 1)).toEqual(new Set([...routes, 'ANY /wechat/api/*']))

    const methods = Object.getOwnPropertyNames(createLoginService().prototype)
    expect(readColumn(text, 2)).toEqual(new Set(methods.filter((name) => name !== 'constructor')))

    const members = Object.keys(createService(workersRuntime)({}))
    const plumbing = ['config', 'log', 'startRequest']
    expect(readColumn(text, 3)).toEqual(new Set(members.filter((name) => !plumbing.includes(name))))
  })
})

describe('paths and methods', () => {
  it.each([
    ['PUT', '/login', 'POST'],
    ['GET', '/login', 'POST'],
    ['POST', '/session', 'GET, HEAD, DELETE'],
    ['POST', '/sessions', 'GET, HEAD, DELETE'],
    ['GET', '/sessions/abc', 'DELETE'],
    ['OPTIONS', '/open-data/verify', 'POST'],
    ['DELETE', '/health', 'GET, HEAD'],
  ])('%s %s is refused with 405 and Allow: %s', async (method, path, allow) => {
    const response = await app.request(path, { method })
    expect([response.status, response.headers.get('Allow')]).toEqual([405, allow])
  })

  it('createApp has no route at /, because people mount it under a path of their own', async () => {
    const response = await app.send('GET', '/')
    expect([response.status, response.headers.get('Location')]).toEqual([404, null])
  })

  it('The answer to an unknown path says how paths are written and where they are listed', async () => {
    const { detail } = await (await app.send('GET', '/login/')).json<ProblemBody>()
    expect(detail).toMatch(/lower case, no trailing slash.*GET \/docs/)
  })

  it('Every kind of answer forbids a browser to guess its type', async () => {
    const answers = ['/health', '/nope', '/session', '/wechat/events'].map((path) =>
      app.send('GET', path),
    )
    const refused = app.send('PUT', '/login')
    for (const { headers } of await Promise.all([...answers, refused])) {
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    }
  })

  it('No answer has CORS headers', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' }
      const response = await app.request('/session', { method, headers })
      expect([...response.headers.keys()].join()).not.toContain('access-control')
    }
  })

  it('GET /health is ok without settings and does not use KV', async () => {
    app.replace({ settings: { WECHAT_APPID: '', WECHAT_APPSECRET: '' } })
    const response = await app.send('GET', '/health')
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(app.kv.counts).toEqual({ get: 0, put: 0, delete: 0, list: 0 })
  })
})
