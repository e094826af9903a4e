/** The ways in which WeChat fails, on request: errcodes, and answers that are none. */

import { refuse } from './api'

const FAULTS = {
  html: () =>
    new Response('<html><h1>502 Bad Gateway</h1></html>', {
      status: 502,
      headers: { 'Content-Type': 'text/html' },
    }),
  html_200: () => new Response('<html>maintenance</html>'),
  empty: () => new Response(''),
  array: () => new Response('[]'),
  /** Never begins to answer. */
  hang: () => new Promise<Response>(() => {}),
  /** Begins, and never ends. */
  drip: () => new Response(streamOf('{"openid":"o', { end: 'never' })),
  /** Breaks off in the middle. */
  cut: () => new Response(streamOf('{"openid":"o', { end: 'error' })),
  /** More than anybody should read. */
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
  /** The path it waits for. */
  readonly api: string
  readonly what: number | FaultName
  readonly text: string
}

export function createFaults() {
  const waiting: Fault[] = []
  return {
    add(fault: Fault, times: number) {
      for (let left = Math.min(times, 100); left > 0; left--) waiting.push(fault)
    },
    /** What the next call of this path gets instead of an answer, if anything. */
    next(path: string): (() => Response | Promise<Response>) | null {
      const index = waiting.findIndex(({ api }) => api === path)
      const [fault] = index < 0 ? [] : waiting.splice(index, 1)
      if (!fault) return null
      const { what, text } = fault
      return typeof what === 'number' ? () => refuse(what, text) : FAULTS[what]
    },
  }
}

function streamOf(text: string, { end }: { end: 'never' | 'error' }): ReadableStream {
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
