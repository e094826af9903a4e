/** The router of both HTTP APIs. */

import {
  METHOD_NAME_ALL,
  type Params,
  type Result,
  type Router,
  UnsupportedPathError,
} from 'hono/router'

interface Route<Handler> {
  readonly method: string
  readonly path: string
  readonly handler: Handler
}

/**
 * Tries all routes, in their order. Hono's routers make something of each route first, such as a regular
 * expression, which takes a cold start a millisecond.
 */
export class PathRouter<Handler> implements Router<Handler> {
  readonly name = 'PathRouter'
  readonly #routes: Route<Handler>[] = []

  /** @throws {UnsupportedPathError} for a pattern that {@link matchPath} does not know */
  add(method: string, path: string, handler: Handler): void {
    const isWildcard = path.endsWith('/*') && !path.includes(':')
    const isUnknown =
      path.includes('?') || path.includes('{') || (path.includes('*') && !isWildcard)
    if (isUnknown) throw new UnsupportedPathError(path)
    this.#routes.push({ method, path, handler })
  }

  match(method: string, path: string): Result<Handler> {
    const found: [Handler, Params][] = []
    for (const route of this.#routes) {
      if (route.method !== method && route.method !== METHOD_NAME_ALL) continue
      const params = matchPath(route.path, path)
      if (params) found.push([route.handler, params])
    }
    return [found]
  }
}

const NO_PARAMS: Params = {}

/**
 * The parameters of a path that fits a route's; `null` for any other path.
 *
 * @param pattern Whole parts can be parameters, as in `/sessions/:id`; `/api/*` has `/api` and all below
 */
export function matchPath(pattern: string, path: string): Params | null {
  if (pattern.endsWith('/*')) return `${path}/`.startsWith(pattern.slice(0, -1)) ? NO_PARAMS : null
  if (!pattern.includes(':')) return pattern === path ? NO_PARAMS : null
  const [names, parts] = [pattern.split('/'), path.split('/')]
  if (names.length !== parts.length) return null
  const params: Params = {}
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? ''
    if (name.startsWith(':') && part !== '') params[name.slice(1)] = part
    else if (name !== part) return null
  }
  return params
}
