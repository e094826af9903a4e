/**
 * Rate limits, where the bindings are configured. Cloudflare counts in each location by itself.
 *
 * @see https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 */

import { Problem } from '../problem'

/**
 * Counts one request of an IP address. Mobile carriers put many phones behind one address, so the
 * limit is meant for machines.
 *
 * @param limiter `null` for no limit
 * @param ip Without an address, as in tests, there is no limit
 * @throws {Problem} `rate_limited`
 */
export async function countRequest(
  limiter: RateLimit | null,
  ip: string | undefined,
): Promise<void> {
  if (!limiter || !ip) return
  const { success } = await limiter.limit({ key: toNetwork(ip) })
  if (success) return
  throw new Problem('rate_limited', { detail: 'Too many requests from this address.' })
}

/** An IPv4 address, or of IPv6 the /64 that one household or phone has. */
function toNetwork(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.split('::')
  const groups = head.split(':')
  if (tail === undefined) return groups.slice(0, 4).join(':')
  const rest = tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0')
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':')
}
