/** `npm run dev` over HTTP: its files, its paths, and its start. The page has tests of its own. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevServer, startDev } from '../support/dev-server'

let dev: DevServer
beforeAll(async () => {
  dev = await startDev()
})
afterAll(() => dev.stop())

const request = (path: string) => fetch(new URL(path, dev.url()))

describe('npm run dev', () => {
  it.each([
    ['/docs', 'docs.html', 'text/html'],
    ['/docs.css', 'docs.css', 'text/css'],
    ['/docs.js', 'docs.js', 'text/javascript'],
    ['/openapi.json', 'openapi.json', 'application/json'],
  ])('serves %s from the assets of the deployed Worker', async (path, file, type) => {
    const response = await request(path)
    expect([response.status, response.headers.get('Content-Type')]).toEqual([
      200,
      expect.stringContaining(type),
    ])
    expect(await response.text()).toBe(readFileSync(`src/assets/${file}`, 'utf8'))
  })

  it('serves the watch page at /', async () => {
    const response = await request('/')
    expect(await response.text()).toBe(readFileSync('src/sandbox/page/index.html', 'utf8'))
  })

  it.each([
    '/worker.ts',
    '/docs/x',
    '/docsx',
    '/assets/docs.html',
    '/sandbox/wrangler.toml',
    '/sandbox/page/main.js',
    '/texts/../../worker.ts',
  ])('serves no file at %s', async (path) => {
    const response = await request(path)
    expect(response.status).toBe(404)
  })

  it('lists every path of the sandbox where there is none', async () => {
    const response = await request('/sandbox/nothing')
    expect(response.status).toBe(404)
    const lines = (await response.text()).split('\n').map((line) => line.trim())
    const paths = `wx.login wx.getUserInfo wx.getWeRunData getPhoneNumber
      wx.requestSubscribeMessage push end-access-tokens rotate clock slow fail`.split(/\s+/)
    const commands = paths.map((path) => `curl -X POST ${new URL(`/sandbox/${path}`, dev.url())}`)
    expect(lines).toEqual(expect.arrayContaining(commands))
  })
})
