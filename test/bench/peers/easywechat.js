/**
 * node-easywechat in an Express app. It has code2Session and decryption; sessions are the app's to
 * write, here as lightly as can be: random tokens in Redis.
 */

import { randomUUID } from 'node:crypto'
import express from 'express'
// The package's main file fails on a fresh install; this one does not.
import MiniApp from 'node-easywechat/dist/MiniApp/Application.js'
import { redis } from './redis.js'

const { WECHAT_APPID, WECHAT_APPSECRET, WECHAT_API_BASE, PORT } = process.env

const miniApp = new MiniApp({
  app_id: WECHAT_APPID,
  secret: WECHAT_APPSECRET,
  http: { baseURL: WECHAT_API_BASE },
})
const utils = miniApp.getUtils()

const app = express()
app.use(express.json())

app.post('/login', async (request, response) => {
  const { openid, session_key } = await utils.codeToSession(request.body.code)
  const token = randomUUID()
  await redis.set(token, JSON.stringify({ openid, session_key }), { EX: 604800 })
  response.json({ token })
})

app.use(async (request, response, next) => {
  const token = request.get('Authorization')?.slice('Bearer '.length)
  request.session = JSON.parse(await redis.get(token))
  if (request.session) next()
  else response.sendStatus(401)
})

app.get('/session', (request, response) => response.json({ openid: request.session.openid }))

app.post('/decrypt', (request, response) => {
  const { encryptedData, iv } = request.body
  response.json({ data: utils.decryptSession(request.session.session_key, iv, encryptedData) })
})

app.listen(PORT, '127.0.0.1')
