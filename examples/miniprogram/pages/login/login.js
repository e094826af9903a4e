const client = require('../../client')
const { Code2SessionError } = require('../../lib/code2session')
const { attempt, tryAgain } = require('../../lib/attempt')
const { formatTime } = require('../../lib/time')

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

  /** @param {import('../../lib/code2session').Session} session */
  show({ userId, expiresAt }) {
    getApp().globalData.loggedOut = false
    this.setData({ session: { userId, until: formatTime(expiresAt) } })
  },

  /**
   * Like `wx.request`, `client.request` resolves for any status. The server says in `code` and
   * `action` what went wrong.
   *
   * @param {import('../../lib/code2session').RequestOptions} options
   */
  async ask(options) {
    const { statusCode, data } = await client.request(options)
    if (statusCode !== 200) throw new Code2SessionError(data.code, data.action, data)
    this.setData({ answer: JSON.stringify(data, null, 2) })
  },
})
