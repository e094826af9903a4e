/** The Worker without Hono and its middleware, for the operations of the benchmark only. */

import { readJsonBody, readTokenForm } from '../../../src/core/body'
import { checkClientCredentials, requireBearerToken } from '../../../src/core/credentials'
import { RESPONSE_HEADERS } from '../../../src/core/problem'
import { requireServiceKeys } from '../../../src/login/config'
import { DecryptBody, LoginBody } from '../../../src/login/http/bodies'
import {
  toDecryptedView,
  toIntrospectionView,
  toLoginView,
  toOwnSessionView,
} from '../../../src/login/http/views'
import { createService, type Service } from '../../../src/login/service'
import { createLoginService } from '../../../src/workers/login-service'
import { workersRuntime } from '../../../src/workers/runtime'

const service = createService(workersRuntime)

export default {
  async fetch(request: Request, env: object): Promise<Response> {
    const bound = service(env)
    const finish = bound.startRequest()
    const route = new URL(request.url).pathname
    const body = await respond(route, request, bound)
    finish({ method: request.method, route, status: 200 })
    return Response.json(body, { headers: RESPONSE_HEADERS })
  },
}

export class LoginService extends createLoginService({ service }) {}

async function respond(route: string, request: Request, service: Service): Promise<object> {
  const { headers } = request
  const authorization = headers.get('Authorization') ?? undefined
  const authenticate = () => service.authenticate(requireBearerToken(authorization))
  switch (route) {
    case '/login': {
      const { code, appid = null } = await readJsonBody(request, LoginBody)
      const userAgent = headers.get('User-Agent')
      return toLoginView(await service.login({ appid, code, token: null, userAgent }))
    }
    case '/session':
      return toOwnSessionView(await authenticate())
    case '/introspect': {
      await checkClientCredentials(requireServiceKeys(service.config), authorization)
      const session = await service.findSession(await readTokenForm(request))
      return session ? toIntrospectionView(session) : { active: false }
    }
    case '/open-data/decrypt': {
      const session = await authenticate()
      const encrypted = await readJsonBody(request, DecryptBody)
      return toDecryptedView(await service.decryptData(session, encrypted))
    }
    default:
      return { status: 'ok' }
  }
}
