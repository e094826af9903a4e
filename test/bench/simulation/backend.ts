/** A backend that introspects tokens, as docs/backends.md advises: it may keep an answer for a while. */

import { createRequest, SERVICE_KEY, type System, type Usage } from './system'

export interface BackendOptions {
  /** The location of Cloudflare that its requests reach. */
  readonly location: number
  /** For how many seconds it keeps an answer; 0 for not at all. */
  readonly keepSeconds: number
  /** Processes that take turns, each with answers of its own. */
  readonly processes: number
}

export function createBackend(
  system: System,
  { location, keepSeconds, processes }: BackendOptions,
) {
  const kept = Array.from({ length: processes }, () => new Map<string, number>())
  let turn = 0

  /** Whether the token is accepted, and what the introspection has caused if there was one. */
  return async function accepts(token: string): Promise<{ active: boolean; usage: Usage | null }> {
    const answers = kept[turn++ % processes]
    const now = system.clock.milliseconds
    const keptUntil = answers?.get(token)
    if (keptUntil !== undefined && now < keptUntil) return { active: true, usage: null }
    const body = new URLSearchParams({ token })
    const request = createRequest('POST', '/introspect', { token: SERVICE_KEY, body })
    const [response, usage] = await system.send(location, request)
    const { active } = await response.json<{ active: boolean }>()
    if (active) answers?.set(token, now + keepSeconds * 1000)
    else answers?.delete(token)
    return { active, usage }
  }
}
