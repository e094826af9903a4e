import { describe, expect, it } from 'vitest'
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
    const ofAnyMethod = ['get /wechat/api/{path}', 'post /wechat/api/{path}', 'get /forward-auth']
    const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(described)).toEqual(new Set([...routes, ...ofAnyMethod]))
  })
})

describe('the table of operations in docs/backends.md', () => {
  const ANY = ['/wechat/api/*', '/forward-auth']
  const toRequest = ({ method, path: described }: (typeof OPERATIONS)[number]) => {
    const path = described.replace('{path}', '*').replace(/\{(\w+)\}/g, ':$1')
    return `${ANY.includes(path) ? 'ANY' : method.toUpperCase()} ${path}`
  }

  /** The names in the columns for HTTP, RPC and createService, by row. */
  const readRows = (text: string) => {
    const [, table = ''] = text.split('| HTTP | RPC | `createService` |\n')
    const lines = table.split('\n\n')[0]?.split('\n').slice(1) ?? []
    return lines.map((line) => {
      const cells = line.split('|').slice(2, -1)
      const [http = [], rpc = [], service = []] = cells.map((cell) =>
        [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      )
      return { http, rpc, service }
    })
  }

  it.each([
    ['English', english],
    ['Chinese', chinese],
  ])('in %s it has every operation with its RPC method, and no other', (_, text) => {
    const rows = readRows(text)
    const listed = rows.flatMap(({ http }) => http)
    expect(listed.toSorted()).toEqual([...new Set(OPERATIONS.map(toRequest))].toSorted())
    for (const { http, rpc } of rows) {
      const operations = OPERATIONS.filter((operation) => http.includes(toRequest(operation)))
      expect(rpc, http[0]).toEqual([...new Set(operations.flatMap(({ rpc }) => rpc ?? []))])
    }
    const methods = Object.getOwnPropertyNames(createLoginService().prototype)
    expect(['constructor', ...rows.flatMap(({ rpc }) => rpc)].toSorted()).toEqual(
      methods.toSorted(),
    )
  })

  it.each([
    ['English', english],
    ['Chinese', chinese],
  ])('in %s it has every method of the service, and no other', (_, text) => {
    const members = Object.keys(createService(workersRuntime)({}))
    const plumbing = ['config', 'log', 'startRequest', 'requirePush']
    const listed = readRows(text).flatMap(({ service }) => service)
    expect([...listed, ...plumbing].toSorted()).toEqual(members.toSorted())
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
