/** Failures of WeChat, on request: errcodes, and responses that are broken. */

import { refuse } from './responses'

const HANG_MILLISECONDS = 60_000

export const FAULTS = {
  html: () =>
    new Response('<html><h1>502 Bad Gateway</h1></html>', {
      status: 502,
      headers: { 'Content-Type': 'text/html' },
    }),
  html_200: () => new Response('<html>maintenance</html>'),
  empty: () => new Response(''),
  array: () => new Response('[]'),
  /** Sends nothing for longer than anybody waits. workerd ends a promise that nothing can settle. */
  hang: () => new Promise<Response>((_, reject) => setTimeout(reject, HANG_MILLISECONDS)),
  /** Starts the body and never ends it. */
  drip: () => new Response(toStream('{"openid":"o', { end: 'never' })),
  /** Resets the connection in the middle of the body. */
  cut: () => new Response(toStream('{"openid":"o', { end: 'error' })),
  /** Exceeds what a client should read. */
  large: () => new Response(`{"openid":"${'o'.repeat(64 * 1024)}"}`),
  redirect: () => new Response(null, { status: 302, headers: { Location: 'https://example.com' } }),
  no_openid: () => new Response('{"session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}'),
  no_session_key: () => new Response('{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}'),
  short_session_key: () =>
    new Response('{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"HyVFkGl5"}'),
} as const satisfies Record<string, () => Response | Promise<Response>>

export type FaultName = keyof typeof FAULTS
export type Faults = ReturnType<typeof createFaults>

export function isFaultName(value: unknown): value is FaultName {
  return typeof value === 'string' && Object.hasOwn(FAULTS, value)
}

interface Fault {
  /** The path of the calls that fail, or what it begins with up to a slash. */
  readonly api: string
  /** An errcode, or the name of a broken response. */
  readonly failure: number | FaultName
  readonly errmsg: string
}

export function createFaults() {
  let queue: Fault[] = []
  return {
    add(fault: Fault, times: number) {
      for (let left = Math.min(times, 100); left > 0; left--) queue.push(fault)
    },
    /** Removes all faults of these calls, or of every call. */
    clear(api?: string): void {
      queue = queue.filter((fault) => api !== undefined && fault.api !== api)
    },
    /** Removes the next fault of this path from the queue and returns its response, if there is one. */
    take(path: string): (() => Response | Promise<Response>) | null {
      const index = queue.findIndex(({ api }) => path === api || path.startsWith(`${api}/`))
      const [fault] = index < 0 ? [] : queue.splice(index, 1)
      if (!fault) return null
      const { failure, errmsg } = fault
      return typeof failure === 'number' ? () => refuse(failure, errmsg) : FAULTS[failure]
    },
  }
}

function toStream(text: string, { end }: { end: 'never' | 'error' }): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
    },
    async pull(controller) {
      if (end === 'error') controller.error(new Error('the connection was reset'))
      else await new Promise(() => {})
    },
  })
}
