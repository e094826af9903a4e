import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** No test reaches the internet: whatever is not answered by a fake gets this. */
const blocked = () => new Response('the network is blocked in tests', { status: 599 })

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './sandbox/wrangler.toml' },
            // The payments Worker does not run here.
            miniflare: { outboundService: blocked, serviceBindings: { PAY: blocked } },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['test/*.test.ts', 'test/client/*.test.ts', 'test/pay/*.test.ts'],
          // `npm test` judges the code: the same commit sends the same requests. A longer run explores.
          provide: {
            fuzzRuns: Number(process.env.FUZZ_RUNS ?? 10_000),
            fuzzSeed: Number(process.env.FUZZ_SEED ?? (process.env.FUZZ_RUNS ? Date.now() : 1)) | 0,
          },
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'node',
          include: ['test/node/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // The sandbox's crypto uses base64 methods that workerd has and Node has behind a flag.
          execArgv: ['--js-base-64'],
        },
      },
    ],
  },
})
