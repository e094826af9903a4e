/**
 * `GET /.well-known/oauth-authorization-server`: lets an OAuth client find the endpoints for backends,
 * and the keys of JWT access tokens.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414
 */

import { toProblem } from '../../../core/problem'
import { jsonResponse } from '../../../core/responses'
import { findValue } from '../../../core/settings'
import { type Config, requireIssuer, requireServiceKeys } from '../../config'
import type { Service } from '../../service'
import { type App, onlyWith } from '../context'

const PATH = '/.well-known/oauth-authorization-server'
const CLIENT_SECRET = ['client_secret_basic', 'client_secret_post']

export function addAuthorizationServerRoutes(app: App): void {
  app.use(PATH, onlyWith(requireEndpoints))
  app.get(PATH, async (c) => {
    const service = c.get('service')
    const [requested = ''] = c.req.url.split(PATH)
    const hasKeySet = await service.jwks().then(
      () => true,
      () => false,
    )
    return jsonResponse(c, toMetadata(service.config, { requested, hasKeySet }))
  })
}

/** @throws {Problem} `misconfigured`; `not_found` where there is nothing to find */
async function requireEndpoints({ config, jwks }: Service): Promise<void> {
  if (findValue(config.serviceKeys)) return
  try {
    await jwks()
  } catch (error) {
    if (toProblem(error).code === 'not_found') requireServiceKeys(config)
    throw error
  }
}

/**
 * @param requested The URL whose metadata was requested, which is the issuer unless `ISSUER` is set
 * @param hasKeySet Whether `/.well-known/jwks.json` has keys
 */
function toMetadata(
  config: Config,
  { requested, hasKeySet }: { readonly requested: string; readonly hasKeySet: boolean },
) {
  const issuer = requireIssuer(config) ?? requested
  return {
    issuer,
    ...(hasKeySet && { jwks_uri: `${issuer}/.well-known/jwks.json` }),
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
