const client = require('../../client')
const { Code2SessionError } = require('../../lib/code2session')
const { attempt, tryAgain } = require('../../lib/attempt')
const { timeOf } = require('../../lib/time')

Page({
  data: { session: null, answer: '', busy: false, failure: null },

  onShow() {
    if (getApp().globalData.loggedOut) return this.setData({ session: null, answer: '' })
    return attempt(this, async () => this.show(await client.ready()))
  },

  onLogIn() {
    return attempt(this, async () => this.show(await client.login()))
  },

  onRequest() {
    return attempt(this, () => this.ask({ url: '/session' }))
  },

  onCheck() {
    return attempt(this, () => this.ask({ url: '/session/check', method: 'POST' }))
  },

  onNext() {
    return tryAgain(this)
  },

  show({ userId, expiresAt }) {
    getApp().globalData.loggedOut = false
    this.setData({ session: { userId, until: timeOf(expiresAt) } })
  },

  /** Any answer arrives, as with `wx.request`; a refusal says what to do as code and action. */
  async ask(options) {
    const { statusCode, data } = await client.request(options)
    if (statusCode !== 200) throw new Code2SessionError(data.code, data.action, data)
    this.setData({ answer: JSON.stringify(data, null, 2) })
  },
})
