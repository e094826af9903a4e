/** Choosing among hosts that serve the same API. */

import type { Runtime } from './runtime'

/** How long a host may take to accept a connection while another one is left to try. */
const CONNECT_MILLISECONDS = 1000

/** The port that a connection to a URL uses. */
export function findPort({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

interface HostContext {
  readonly runtime: Pick<Runtime, 'connects' | 'log'>
  readonly config: {
    /** Base URLs, in the order to try them; at least one. */
    readonly apiBases: readonly string[]
  }
  /** Hosts that have been logged as passed over; bounded by the hosts in the settings. */
  readonly passedOver: Set<string>
}

/**
 * The first host that accepts a connection; the last one is used without probing.
 *
 * A host is passed over only before anything has been sent to it: a failed fetch does not tell whether
 * the connection was never made or broke after the request had gone out.
 *
 * @param setting The name of the setting that lists the hosts, for the log
 * @example
 * const base = await chooseHost(context, 'WECHAT_API_BASE')
 */
export async function chooseHost(context: HostContext, setting: string): Promise<string> {
  const { apiBases } = context.config
  const last = apiBases.length - 1
  for (const [index, base] of apiBases.slice(0, last).entries()) {
    if (await context.runtime.connects(new URL(base), CONNECT_MILLISECONDS)) return base
    reportPassedOver(context, base, `${setting}: host ${index + 1} of ${apiBases.length}`)
  }
  return apiBases[last] ?? ''
}

function reportPassedOver({ runtime, passedOver }: HostContext, base: string, host: string): void {
  if (passedOver.has(base)) return
  passedOver.add(base)
  const advice = `${host} accepts no connection and is passed over; a Worker cannot connect to an address of Cloudflare's`
  runtime.log({ level: 'warn', settings: [advice] })
}
