/** `GET /`: for whoever opens the address after a deploy. An app that people mount has no such page. */

import { RESPONSE_HEADERS } from '../../core/problem'
import type { Service } from '../service'

/** Every request is matched, and to parse its URL would take ten times as long. */
const ROOT = /^\w+:\/\/[^/]+\/(\?|$)/

/**
 * Redirects to `/docs`, and writes the line of the request into the log.
 *
 * @returns `null` for any other request
 */
export function redirectToDocs(service: Service, { method, url }: Request): Response | null {
  if (!ROOT.test(url) || !/^(GET|HEAD)$/.test(method)) return null
  service.startRequest()({ method, route: '/', status: 302 })
  return new Response(null, { status: 302, headers: { ...RESPONSE_HEADERS, Location: '/docs' } })
}
