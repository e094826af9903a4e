/**
 * Middleware for the endpoints that OAuth client libraries call: token introspection and revocation.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */

import { createMiddleware } from 'hono/factory'
import { isForm, readFormBody } from '../../core/body'
import { checkAnyServiceKey, parseBasicPasswords, parseBearerToken } from '../../core/credentials'
import { invalidRequest, Problem } from '../../core/problem'
import { requireServiceKeys } from '../config'
import type { AppEnv } from './context'

type OAuthEnv = AppEnv & {
  Variables: {
    /** The parameter `token` of the form. */
    token: string
  }
}

const WAYS =
  'as `Authorization: Bearer <key>`, as the password of HTTP Basic, or as `client_secret` in the form.'
const ADVICE: Readonly<Record<string, string>> = {
  service_key_required: `This endpoint is for backends. Send one of SERVICE_KEYS ${WAYS}`,
  service_key_invalid: `The key is not one of SERVICE_KEYS. Send one ${WAYS}`,
}

/** The codes of RFC 6749 section 5.2 that these endpoints have. */
const OAUTH_ERRORS = new Map([
  [401, 'invalid_client'],
  [400, 'invalid_request'],
  [413, 'invalid_request'],
  [415, 'invalid_request'],
])

/**
 * Puts the token of the form in `c.get('token')`. Refuses a request without one of the service keys: as
 * bearer token, as password of HTTP Basic, or as `client_secret`. The client's name is ignored.
 */
export const forOAuthClients = createMiddleware<OAuthEnv>(async function forOAuthClients(c, next) {
  const keys = requireServiceKeys(c.get('service').config)
  c.set('token', await readToken(keys, c.req.raw).catch(failAsOAuth))
  await next()
})

/** Credentials in the header are judged before the body is read; those in the body cannot be. */
async function readToken(keys: readonly string[], request: Request): Promise<string> {
  const authorization = request.headers.get('Authorization')
  if (authorization !== null) {
    const key = parseBearerToken(authorization)
    await checkAnyServiceKey(keys, key === null ? parseBasicPasswords(authorization) : [key])
  } else if (!isForm(request.headers)) {
    throw new Problem('service_key_required')
  }
  const form = await readFormBody(request)
  const secret = findParameter(form, 'client_secret')
  if (authorization === null) {
    await checkAnyServiceKey(keys, secret === null ? [] : [secret])
  } else if (secret !== null) {
    throw invalidRequest('client_secret', 'must be absent beside an Authorization header')
  }
  const token = findParameter(form, 'token')
  if (token === null) throw invalidRequest('token', 'must appear exactly once')
  return token
}

/** A parameter without a value counts as absent, and none may be repeated (RFC 6749 section 3.2). */
function findParameter(form: URLSearchParams, name: string): string | null {
  const values = form.getAll(name)
  if (values.length > 1) throw invalidRequest(name, 'must appear exactly once')
  return values[0] || null
}

function failAsOAuth(error: unknown): never {
  const oauthError = error instanceof Problem ? OAUTH_ERRORS.get(error.row.status) : undefined
  if (!(error instanceof Problem) || oauthError === undefined) throw error
  const detail = ADVICE[error.code]
  if (detail === undefined) throw error.with({ oauthError })
  const challenges = [error.row.challenge, 'Basic realm="code2session"'].join(', ')
  const headers = { 'WWW-Authenticate': challenges }
  throw error.with({ oauthError, detail, headers })
}
