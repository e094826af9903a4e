/**
 * `GET /.well-known/oauth-authorization-server`: lets an OAuth client find the endpoints for backends.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414
 */

import { jsonResponse } from '../../../core/responses'
import { requireIssuer } from '../../config'
import type { App } from '../context'
import { onlyWithServiceKeys } from '../service-key'

const PATH = '/.well-known/oauth-authorization-server'
const CLIENT_SECRET = ['client_secret_basic', 'client_secret_post']

export function addAuthorizationServerRoutes(app: App): void {
  app.use(PATH, onlyWithServiceKeys)
  app.get(PATH, (c) => {
    const [asked = ''] = c.req.url.split(PATH)
    return jsonResponse(c, toMetadata(requireIssuer(c.get('service').config) ?? asked))
  })
}

/** Only introspection can name a type of access token among its methods. */
function toMetadata(issuer: string) {
  return {
    issuer,
    introspection_endpoint: `${issuer}/introspect`,
    introspection_endpoint_auth_methods_supported: [...CLIENT_SECRET, 'Bearer'],
    revocation_endpoint: `${issuer}/revoke`,
    revocation_endpoint_auth_methods_supported: CLIENT_SECRET,
    response_types_supported: [],
    grant_types_supported: [],
  }
}
