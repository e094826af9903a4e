/**
 * Rate limits, where their bindings are configured. Cloudflare counts in each location by itself.
 *
 * Only what costs money is limited: a login, a question to the hook `findMiniProgram`, and what calls
 * WeChat or lists KV for one user. Tokens and service keys have 256 bits, so there is no limit on
 * guesses. Ending sessions counts against the session that asks and not against its user, or a thief
 * could keep the owner from doing it.
 *
 * @see https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 */

import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { Problem } from '../../core/problem'
import type { Service } from '../service'
import type { Session } from '../sessions'
import type { AppEnv, AuthenticatedEnv } from './context'

/**
 * Counts a login, or a push that has the hook asked, against the client's IP address. Mobile carriers
 * put many phones behind one address, so this limit is meant for machines.
 *
 * @throws {Problem} `rate_limited`
 */
export async function countAddress(c: Context<AppEnv>, service: Service): Promise<void> {
  const ip = findClientIp(c, service.config.clientIpHeader)
  if (ip === null) return
  await count(service, service.config.loginLimit, { key: toNetwork(ip), whom: 'address' })
}

/** Counts a request against the user of its session, which {@link authenticated} has found. */
export const limitedPerUser = limitedPer('user', ({ userId }) => userId)

/** Counts a request against its session, which {@link authenticated} has found. */
export const limitedPerSession = limitedPer('session', ({ id }) => id)

function limitedPer(whom: string, toKey: (session: Session) => string) {
  return createMiddleware<AuthenticatedEnv>(async function limited(c, next) {
    const service = c.get('service')
    await count(service, service.config.userLimit, { key: toKey(c.get('session')), whom })
    await next()
  })
}

async function count(
  service: Service,
  limiter: RateLimit | null,
  { key, whom }: { key: string; whom: string },
): Promise<void> {
  if (!limiter || (await isWithinLimit(service, limiter, key))) return
  const detail = `There are too many requests from this ${whom}.`
  throw new Problem('rate_limited', { detail })
}

/** A limiter that fails must not keep anybody out. */
async function isWithinLimit(service: Service, limiter: RateLimit, key: string): Promise<boolean> {
  try {
    return (await limiter.limit({ key })).success
  } catch {
    service.log({ level: 'warn', reason: 'a rate limit could not be checked' })
    return true
  }
}

/** The last entry of the header that is trusted, if it is an address; else what Cloudflare saw. */
function findClientIp(c: Context<AppEnv>, header: string | null): string | null {
  const forwarded = header && c.req.header(header)?.split(',').at(-1)?.trim()
  if (forwarded && isIpAddress(forwarded)) return forwarded
  return c.req.header('CF-Connecting-IP') ?? null
}

function isIpAddress(text: string): boolean {
  if (text.includes(':')) return URL.canParse(`http://[${text}]/`)
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)
}

/** An IPv4 address, or of IPv6 the /64 that one household or phone has. */
export function toNetwork(ip: string): string {
  if (!ip.includes(':')) return ip
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(ip)?.[1]
  if (mapped) return mapped
  const [head = '', tail] = ip.split('::')
  const groups = head.split(':')
  if (tail === undefined) return groups.slice(0, 4).join(':')
  const rest = tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0')
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':')
}
