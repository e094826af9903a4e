/**
 * wafer-node-session on Express, as its README wires it, with connect-redis.
 *
 * It knows one WeChat, over https: its HTTP client is pointed at the fake, which also spares it TLS.
 * Its README has no route for data that comes after the login. The one here uses what a session of it
 * holds, and its own decryption.
 */

import { createRequire } from 'node:module'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'wafer-node-session'
import WXBizDataCrypt from 'wafer-node-session/lib/WXBizDataCrypt.js'
import { redis } from './redis.js'

const { WECHAT_APPID, WECHAT_APPSECRET, WECHAT_API_BASE, PORT } = process.env

const request = createRequire(import.meta.resolve('wafer-node-session'))('request')
const get = request.get
request.get = (options, callback) => {
  const url = options.url.replace('https://api.weixin.qq.com', WECHAT_API_BASE)
  return get({ ...options, url }, callback)
}

const app = express()
app.use(
  session({
    appId: WECHAT_APPID,
    appSecret: WECHAT_APPSECRET,
    loginPath: '/login',
    store: new RedisStore({ client: redis }),
  }),
)

app.use('/me', (request, response) => response.json(request.session.userInfo))

app.post('/decrypt', express.json(), (request, response) => {
  const { encryptedData, iv } = request.body
  const crypt = new WXBizDataCrypt(WECHAT_APPID, request.session.sessionKey)
  response.json({ data: crypt.decryptData(encryptedData, iv) })
})

app.listen(PORT, '127.0.0.1')
