/** `npm run dev` over HTTP: its files, its paths, and its start. The page has tests of its own. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevServer, startDev } from '../support/dev-server'
import { send } from '../support/environment'

const WEEK = 7 * 24 * 3600

let dev: DevServer
beforeAll(async () => {
  dev = await startDev()
})
afterAll(() => dev.stop())

const request = (path: string) => fetch(new URL(path, dev.url()))

/** Presses a button of the phone. */
async function phone(path: string, body: object = {}): Promise<Record<string, unknown>> {
  const { answer } = await send(new URL(dev.url()), 'POST', `/sandbox/${path}`, { body })
  return answer as Record<string, unknown>
}

/** Logs in as this user, and returns the token. */
async function logIn(user: string): Promise<string> {
  const { code } = await phone('wx.login', { user })
  const { answer } = await send(new URL(dev.url()), 'POST', '/login', { body: { code } })
  return (answer as { token: string }).token
}

async function listSessions(token: string): Promise<{ createdAt: string }[]> {
  const { answer } = await send(new URL(dev.url()), 'GET', '/sessions', { token })
  return (answer as { sessions: { createdAt: string }[] }).sessions
}

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

  it('keeps the sessions of the present and no others when it starts again', async () => {
    const present = await logIn('alice')
    await phone('clock', { skip: WEEK - 60 })
    await logIn('alice')
    expect(await listSessions(present)).toHaveLength(2)
    await dev.restart()
    const sessions = await listSessions(present)
    expect(sessions).toHaveLength(1)
    expect(Date.parse(sessions[0]?.createdAt ?? '')).toBeLessThanOrEqual(Date.now())
  })
})
