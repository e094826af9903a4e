/**
 * Limits per IP address, where rate limit bindings are configured.
 *
 * Mobile carriers put many phones behind one address, so the limits are meant for machines and
 * leave room for crowds. Cloudflare counts in each location by itself, and roughly.
 *
 * @see https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 */

import { Problem } from '../problem'

/**
 * Counts one request of an address.
 *
 * @param limiter `null` for no limit
 * @param ip Of `CF-Connecting-IP`; without one, as in tests, there is no limit either
 * @throws {Problem} `rate_limited`
 */
export async function countAgainst(
  limiter: RateLimit | null,
  ip: string | undefined,
): Promise<void> {
  if (!limiter || !ip) return
  const { success } = await limiter.limit({ key: networkOf(ip) })
  if (success) return
  throw new Problem('rate_limited', { detail: 'Too many requests from this address.' })
}

/** An IPv4 address, or the /64 that one household or phone has of IPv6. */
function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.split('::')
  const groups = head.split(':')
  if (tail === undefined) return groups.slice(0, 4).join(':')
  const rest = tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0')
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':')
}
