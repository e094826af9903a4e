/** The package in webpack 4, which does not read `exports`: uni-app for Vue 2 and Taro 3 build with it. */

import { execFileSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { usePackage } from '../support/package'

const { workspace, unpacked, inPackage } = usePackage()
const project = join(workspace, 'webpack4')
const require = createRequire(join(project, 'index.js'))

beforeAll(() => {
  cpSync('test/systems/webpack4', project, { recursive: true })
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit'], { cwd: project, stdio: 'pipe' })
  cpSync(unpacked, join(project, 'node_modules/code2session'), { recursive: true })
  // npm fetches webpack 4 and all that it depends on.
}, 300_000)

it('webpack 4 builds a mini program with code2session/client, and what it has built runs', async () => {
  const code = "import { createClient } from 'code2session/client'\nexport default createClient\n"
  writeFileSync(join(project, 'index.js'), code)
  const { default: createClient } = require(await build())
  const client = createClient({ baseUrl: 'https://login.example.com', wx: {} })
  expect(client.request).toBeTypeOf('function')
})

it.each([
  ['client', 'dist/client.js', 'module'],
  ['client', 'dist/miniprogram/client.js', 'main'],
  ['pay', 'dist/pay.js', 'main'],
])('code2session/%s is %s where %s is read and exports are not', (name, file, field) => {
  const { create } = require('enhanced-resolve')
  const resolve = create.sync({ mainFields: [field] })
  const found = resolve({}, project, `code2session/${name}`)
  expect(found).toBe(inPackage(file).replace(unpacked, join(project, 'node_modules/code2session')))
})

/** Builds index.js, and gives the path of the bundle. */
async function build(): Promise<string> {
  const webpack = require('webpack')
  const output = { path: project, filename: 'bundle.js', libraryTarget: 'commonjs2' }
  const config = { context: project, entry: './index.js', mode: 'production', output }
  const stats = await new Promise<{ toJson(): { errors: string[] } }>((done, fail) => {
    webpack(config, (error: unknown, built: never) => (error ? fail(error) : done(built)))
  })
  expect(stats.toJson().errors).toEqual([])
  return join(project, 'bundle.js')
}
