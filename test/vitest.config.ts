import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** How many requests a fuzz test sends for each of its properties. */
    fuzzRuns: number
    /** Decides what the fuzz tests and the soak send. */
    fuzzSeed: number
    soakRequests: number
  }
}

const { FUZZ_RUNS, FUZZ_SEED } = process.env

/** In milliseconds: what ends a test that hangs. It judges no speed, since a busy machine has none. */
const testTimeout = 60_000

/** No test reaches the internet: whatever is not answered by a fake gets this. */
const blocked = () => new Response('the network is blocked in tests', { status: 599 })

const workerd = () =>
  cloudflareTest({
    wrangler: { configPath: './sandbox/wrangler.toml' },
    // The payments Worker does not run here.
    miniflare: { outboundService: blocked, serviceBindings: { PAY: blocked } },
  })

const node = {
  // The tests start many processes of Node, which share what it has compiled.
  env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node') },
  globalSetup: ['test/support/global-setup.ts'],
  testTimeout,
  // A hook can build a Worker and start several servers.
  hookTimeout: 180_000,
  // The sandbox's crypto uses base64 methods that workerd has and Node has behind a flag.
  execArgv: ['--js-base-64'],
}

/** What takes long begins first. In a fresh clone, Vitest knows no more of a file than its size. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /\/(watch|package|server|shop-example|sandbox-document|checks)\.test\.ts$/.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** Such as 20261130. */
const today = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''))

export default defineConfig({
  test: {
    // Many files wait for another process most of the time.
    maxWorkers: Math.max(4, availableParallelism()),
    sequence: { sequencer: LongFirst },
    projects: [
      {
        plugins: [workerd()],
        test: {
          name: 'workerd',
          include: ['test/*.test.ts', 'test/client/*.test.ts', 'test/pay/*.test.ts'],
          // `npm test` judges the code: the same commit sends the same requests.
          provide: {
            fuzzRuns: Number(FUZZ_RUNS ?? 220),
            fuzzSeed: Number(FUZZ_SEED ?? (FUZZ_RUNS ? Date.now() : 1)) | 0,
            soakRequests: 2000,
          },
          isolate: false,
          testTimeout,
        },
      },
      { test: { name: 'node', include: ['test/node/*.test.ts'], ...node } },
      { test: { name: 'systems', include: ['test/systems/*.test.ts'], ...node } },
      {
        plugins: [workerd()],
        test: {
          name: 'systems in workerd',
          include: ['test/systems/workerd/*.test.ts'],
          // `npm run test:systems` explores: each day it sends other requests.
          provide: {
            fuzzRuns: Number(FUZZ_RUNS ?? 11_000),
            fuzzSeed: Number(FUZZ_SEED ?? today),
            soakRequests: 20_000,
          },
          isolate: false,
          testTimeout,
        },
      },
    ],
  },
})
