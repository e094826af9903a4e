import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

describe('the configuration of npm run dev:hooks', () => {
  it('npm run dev:hooks has the settings of the sandbox', () => {
    const readVars = (path: string) =>
      readFileSync(path, 'utf8').split('[vars]')[1]?.match(/^\w.*/gm)
    const vars = readVars('sandbox/wrangler.toml')
    expect(vars?.length).toBeGreaterThan(4)
    expect(readVars('examples/hooks/sandbox.toml')).toEqual(vars)
  })

  it('sandbox-hooks.toml has what wrangler.toml has in comments, for the Workers of the sandbox', () => {
    const readShop = (path: string) =>
      readFileSync(path, 'utf8')
        .replaceAll(/^# (?=[[\w]+[\] =])/gm, '')
        .match(/^(binding|service|entrypoint|crons|main|database_name|migrations_dir) = .*/gm)
    const shop = readShop('examples/hooks/wrangler.toml')?.join('\n')
    const sandbox = shop
      ?.replace('"code2session"', '"code2session-sandbox"')
      .replace('"code2session-pay"', '"code2session-pay-sandbox"')
    expect(readShop('examples/hooks/sandbox-hooks.toml')?.join('\n')).toBe(sandbox)
    expect(shop).toContain('crons = ["* * * * *"]')
  })
})
