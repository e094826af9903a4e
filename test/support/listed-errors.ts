/** Which errors the documents list for a request. */

import { type Api, listErrorsOf } from '../../openapi/api'

/**
 * The codes that are listed for the operation of a request, as its log line names it. Any path can be
 * `not_found`, and any other method `method_not_allowed`.
 *
 * @param log The lines of the log; the last one with a route counts
 */
export function listCodes(api: Api, log: readonly string[]): readonly string[] {
  const { method, route } = log.map((line) => JSON.parse(line)).findLast(({ route }) => route)
  const path = route
    .replace(/:(\w+)/g, '{$1}')
    .replace('api/*', 'api/{path}')
    .replace('/*', '')
  const ofPath = api.operations.filter((operation) => operation.path === path)
  // These may have any method.
  const any: Record<string, string> = { '/wechat/api/{path}': 'post', '/forward-auth': 'get' }
  const name = any[path] ?? method.toLowerCase()
  const operation = ofPath.find(({ method }) => method === name)
  if (!operation) return ['not_found', 'method_not_allowed']
  return ['not_found', ...listErrorsOf(api, operation).map(({ code }) => code)]
}
