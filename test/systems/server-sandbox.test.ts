/** The example of docs/server.md: the server beside `npm run dev`, whose WeChat it uses. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startDev } from '../support/dev-server'
import { pressOnPhone, send } from '../support/environment'
import { startServer } from '../support/server'

/** The settings in the example. */
function readExample(): Record<string, string> {
  const text = readFileSync('docs/server.md', 'utf8')
  const [, assignments = ''] = /^(PORT=8790 .*) npm run serve$/m.exec(text) ?? []
  return Object.fromEntries(
    assignments.split(' ').map((assignment) => {
      const [name = '', value = ''] = assignment.split(/=(.*)/)
      return [name, value]
    }),
  )
}

it('a code of the sandbox of npm run dev logs in at the server of the example', async () => {
  const dev = await startDev()
  const { WECHAT_API_BASE, PORT, ...env } = readExample()
  expect([WECHAT_API_BASE, PORT]).toEqual(['http://127.0.0.1:8787', '8790'])
  const base = new URL(dev.url())
  const server = await startServer({ env: { ...env, WECHAT_API_BASE: base.origin } })
  const { code } = await pressOnPhone(base, 'wx.login')
  const { status, answer } = await send(server.url, 'POST', '/login', { body: { code } })
  await server.close()
  await dev.stop()
  expect([status, answer]).toEqual([200, expect.objectContaining({ tokenType: 'Bearer' })])
})
