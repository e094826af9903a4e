/** The router of both HTTP APIs. */

import type { Result } from 'hono/router'
import { PatternRouter } from 'hono/router/pattern-router'

/**
 * Hono's smallest router, which tries the patterns of all routes on every request. What the paths of
 * routes match, this one remembers.
 */
export class MemoRouter<Handler> extends PatternRouter<Handler> {
  readonly #paths = new Set<string>()
  /** By method and path. */
  readonly #known = new Map<string, Result<Handler>>()

  override add(method: string, path: string, handler: Handler): void {
    super.add(method, path, handler)
    this.#paths.add(path)
    this.#known.clear()
  }

  override match(method: string, path: string): Result<Handler> {
    const key = `${method} ${path}`
    const found = this.#known.get(key) ?? super.match(method, path)
    // There is no end of other paths.
    if (this.#paths.has(path)) this.#known.set(key, found)
    return found
  }
}
