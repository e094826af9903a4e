/**
 * `GET /.well-known/oauth-authorization-server`: lets an OAuth client find the endpoints for backends,
 * and the keys of JWT access tokens.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414
 */

import { jsonResponse } from '../../../core/responses'
import { findValue, requireValue } from '../../../core/settings'
import { type Config, requireIssuer, requireServiceKeys } from '../../config'
import { type App, onlyWith } from '../context'

const PATH = '/.well-known/oauth-authorization-server'
const CLIENT_SECRET = ['client_secret_basic', 'client_secret_post']

export function addAuthorizationServerRoutes(app: App): void {
  app.use(
    PATH,
    onlyWith(({ config }) => requireEndpoints(config)),
  )
  app.get(PATH, (c) => {
    const { config } = c.get('service')
    const [requested = ''] = c.req.url.split(PATH)
    return jsonResponse(c, toMetadata(config, requested))
  })
}

/** @throws {Problem} `misconfigured`; `not_found` where there is nothing to find */
function requireEndpoints(config: Config): void {
  if (requireValue(config.serviceKeys) ?? requireValue(config.jwt)) return
  requireServiceKeys(config)
}

/** @param requested The URL whose metadata was requested, which is the issuer unless `ISSUER` is set */
function toMetadata(config: Config, requested: string) {
  const configured = requireIssuer(config)
  const issuer = configured ?? requested
  return {
    issuer,
    ...(configured && findValue(config.jwt) && { jwks_uri: `${issuer}/.well-known/jwks.json` }),
    ...(findValue(config.serviceKeys) && toBackendMetadata(issuer)),
    response_types_supported: [],
    grant_types_supported: [],
  }
}

/** Only introspection can name a type of access token among its methods. */
function toBackendMetadata(issuer: string) {
  return {
    introspection_endpoint: `${issuer}/introspect`,
    introspection_endpoint_auth_methods_supported: [...CLIENT_SECRET, 'Bearer'],
    revocation_endpoint: `${issuer}/revoke`,
    revocation_endpoint_auth_methods_supported: CLIENT_SECRET,
  }
}
