/** What no request shows of a server: how it ends, its platform, its runtime, its store as a KV. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findPort } from '../../src/core/hosts'
import { createTasks, type ListenOptions, listen } from '../../src/server/listen'
import { installPlatform } from '../../src/server/platform'
import { serverRuntime } from '../../src/server/runtime'
import { type Store, toNamespace, within } from '../../src/server/store'
import { EMPTY_STORE } from '../support/store-contract'

/** A server that takes connections, and its URL. */
async function open(host: string) {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, url: new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`) }
}

const hasIpv6 = await open('::1').then(
  ({ server }) => Boolean(server.close()),
  () => false,
)
const notice = hasIpv6 ? '' : ' (SKIPPED: this machine has no IPv6)'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('listening', () => {
  const lines: string[] = []
  const codes: unknown[] = []
  const signals = new Map<unknown, () => Promise<void>>()

  beforeEach(() => {
    lines.length = 0
    codes.length = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      codes.push(code)
      throw new Error('the process has ended')
    })
    vi.spyOn(process, 'on').mockImplementation((signal, listener) => {
      signals.set(signal, listener as () => Promise<void>)
      return process
    })
  })

  /** Listens, and waits for the first line: the URL. */
  async function start(options: Partial<ListenOptions> = {}): Promise<string> {
    const rest = { defaultPort: 0, description: '', store: null, tasks: new Set<never>() }
    listen({ name: 'a server', env: {}, fetch: () => new Response('ok'), ...rest, ...options })
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    return / on (http:\S+)$/.exec(lines[0] ?? '')?.[1] ?? ''
  }
  const end = (signal: string) =>
    signals
      .get(signal)?.()
      .catch(() => null)

  it('a server is for this machine alone, and keeps an idle connection for 65 seconds', async () => {
    const kept: unknown[] = []
    const note = (message: unknown) =>
      kept.push(Reflect.get(Object(message).server, 'keepAliveTimeout'))
    subscribe('http.server.request.start', note)
    const url = await start()
    expect(lines[0]).toMatch(/^a server \d+\.\d+\.\d+ on http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(url)).text()).toBe('ok')
    unsubscribe('http.server.request.start', note)
    expect(kept).toEqual([65_000])
    await end('SIGINT')
    expect(codes).toEqual([0])
  })

  it.skipIf(!hasIpv6)(`HOST can be an address of IPv6${notice}`, async () => {
    expect(await start({ env: { HOST: ' ::1 ' } })).toMatch(/^http:\/\/\[::1\]:\d+$/)
    await end('SIGTERM')
  })

  it('at its end, a server waits for all tasks, then closes its store', async () => {
    const { runtime, tasks } = createTasks()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    runtime.waitUntil(first.promise.then(() => runtime.waitUntil(second.promise)))
    runtime.waitUntil(Promise.reject(new Error('a task failed')))
    const store = { ...EMPTY_STORE, close: async () => void codes.push('closed') }
    const url = await start({ tasks, store })
    const ending = end('SIGTERM')
    first.resolve()
    await expect(fetch(url)).rejects.toThrow()
    expect(codes).toEqual([])
    second.resolve()
    await ending
    expect([codes, tasks.size]).toEqual([['closed', 0], 0])
  })

  it('after 10 seconds or a second signal, a server ends with 1 whatever is in progress', async () => {
    const arrived = Promise.withResolvers<void>()
    const url = await start({
      fetch: () => {
        arrived.resolve()
        return new Promise(() => {})
      },
    })
    void fetch(url).catch(() => null)
    await arrived.promise
    void end('SIGTERM')
    vi.advanceTimersByTime(9999)
    expect(codes).toEqual([])
    expect(() => vi.advanceTimersByTime(1)).toThrow('the process has ended')
    expect(codes).toEqual([1])
    void end('SIGTERM')
    expect(codes).toEqual([1, 1])
  })
})

describe('the runtime', () => {
  it.each([
    ['https://api.weixin.qq.com', 443],
    ['http://localhost/cgi-bin', 80],
    ['https://localhost:8080', 8080],
  ])('a connection to %s uses port %i', (url, port) => {
    expect(findPort(new URL(url))).toBe(port)
  })

  it.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])(
    'a port at %s accepts a connection, which ends at once, until it is closed',
    async (host) => {
      const { server, url } = await open(host)
      const accepted = once(server, 'connection')
      expect(await serverRuntime.connects(url, 5000)).toBe(true)
      const [socket] = await accepted
      await once(socket.resume(), 'close')
      server.close()
      await once(server, 'close')
      expect(await serverRuntime.connects(url, 5000)).toBe(false)
    },
  )

  it('it sleeps, and a task that fails is nobody’s error', async () => {
    serverRuntime.waitUntil(Promise.reject(new Error('a task failed')))
    const before = performance.now()
    await serverRuntime.sleep(20)
    expect(performance.now() - before).toBeGreaterThan(10)
  })
})

describe('a store', () => {
  it('a silent one fails after its time, and one that answers leaves no timer', async () => {
    vi.useFakeTimers()
    expect(await within(2500, Promise.resolve('an answer'))).toBe('an answer')
    expect(vi.getTimerCount()).toBe(0)
    const silent = within(2500, new Promise(() => {}))
    vi.advanceTimersByTime(2500)
    await expect(silent).rejects.toThrow('the store is silent')
  })

  it('has the shape of a KV namespace', async () => {
    const written: unknown[] = []
    const store: Store = {
      ...EMPTY_STORE,
      write: async (...entry) => void written.push(entry),
      list: async (owner) => [{ name: `${owner}a`, metadata: '{"b":1}' }],
    }
    const namespace = toNamespace(store)
    expect(await namespace.getWithMetadata('a')).toStrictEqual({ value: null, metadata: null })
    await namespace.put('a', Uint8Array.of(1), { expirationTtl: 60 })
    expect(written).toEqual([['a', { value: Uint8Array.of(1), metadata: 'null' }, 60]])
    expect(await namespace.list({ prefix: 'o:' })).toStrictEqual({
      keys: [{ name: 'o:a', metadata: { b: 1 } }],
      list_complete: true,
    })
  })
})

describe('the platform', () => {
  const METHODS = [
    [Uint8Array, 'fromBase64'],
    [Uint8Array, 'fromHex'],
    [Uint8Array.prototype, 'toBase64'],
    [Uint8Array.prototype, 'toHex'],
  ] as const
  /** V8's own, which the tests' Node has behind a flag. */
  const NATIVE = METHODS.map(([target, name]) => Object.getOwnPropertyDescriptor(target, name))
  const find = () => METHODS.map(([target, name]) => Object.getOwnPropertyDescriptor(target, name))

  /** What V8's method and the installed one say: hex, a text, or the name of the error. */
  function askBoth(name: string, self: unknown, ...args: unknown[]) {
    const index = METHODS.findIndex(([, method]) => method === name)
    return [NATIVE[index], find()[index]].map((method) => {
      try {
        const answer: unknown = Reflect.apply(method?.value, self, args)
        return typeof answer === 'string'
          ? answer
          : Buffer.from(answer as Uint8Array).toString('hex')
      } catch (error) {
        return (error as Error).name
      }
    })
  }

  beforeEach(() => {
    for (const [target, name] of METHODS) Reflect.deleteProperty(target, name)
    installPlatform()
  })
  afterEach(() => {
    for (const [index, [target, name]] of METHODS.entries())
      Object.defineProperty(target, name, NATIVE[index] ?? {})
  })

  it('what is missing is installed as V8 has it, and what is there stays', () => {
    const shape = NATIVE.map((method) => ({ ...method, value: expect.any(Function) }))
    expect(find()).toEqual(shape)
    const installed = find()
    expect(installed).not.toEqual(NATIVE)
    installPlatform()
    expect(find()).toEqual(installed)
  })

  it('base64 is read and written as V8 does, in both alphabets', () => {
    const texts =
      `,A,AA,AA=,AA==,AAA,AAA=,AAA==,AAAA,AAAA=,AAAAA,AAAAAA,AAAAAA==,AB==,AB,AAB=,A===,====,
      AA=A,+/+/+/+/,-_-_-_-_,-/-/,/w==,_w==,_-8=,/+8=,!AAA,AAA!,!!,!!==,!!!=,AA!=,!!!!AA==,AAAA!!==,
      A A\tA\nA\f\rAA = =,AA\u00a0==`.split(',')
    const all = [{}, { alphabet: 'base64' }, { alphabet: 'base64url' }]
    const strict = all.map((options) => ({ ...options, lastChunkHandling: 'strict' }))
    for (const text of texts) {
      for (const options of [undefined, ...all, ...strict]) {
        const [expected, actual] = askBoth('fromBase64', Uint8Array, text, options)
        expect([text, options, actual]).toEqual([text, options, expected])
      }
    }
    const omitting = all.map((options) => ({ ...options, omitPadding: true }))
    for (const hex of ['', 'fb', 'fbff', 'fbffbf', 'fbffbffb', 'fbffbffbffbf', '00000000']) {
      for (const options of [undefined, ...all, ...omitting]) {
        const [expected, actual] = askBoth(
          'toBase64',
          Uint8Array.from(Buffer.from(hex, 'hex')),
          options,
        )
        expect([hex, options, actual]).toEqual([hex, options, expected])
      }
    }
  })

  it('hex is read and written as V8 does', () => {
    for (const text of ['', '00', 'fFAa09', '0', '000', '0g', 'g0', '00gg', 'gg00', ' 00', '00 ']) {
      const [expected, actual] = askBoth('fromHex', Uint8Array, text)
      expect([text, actual]).toEqual([text, expected])
    }
    const [expected, actual] = askBoth('toHex', Uint8Array.of(0, 1, 254, 255))
    expect(actual).toBe(expected)
  })
})
