const client = require('../../client')
const { attempt, tryAgain } = require('../../lib/attempt')
const { formatTime } = require('../../lib/time')

Page({
  data: { devices: [], loggedOut: false, busy: false, failure: null },

  onShow() {
    const { loggedOut } = getApp().globalData
    this.setData({ loggedOut })
    // The request for the list would log in again.
    if (!loggedOut) return this.load()
  },

  onNext() {
    return tryAgain(this)
  },

  onLogIn() {
    return attempt(this, async () => {
      await client.login()
      this.setLoggedOut(false)
      await this.list()
    })
  },

  onEnd({ currentTarget }) {
    const { id } = currentTarget.dataset
    return attempt(this, async () => {
      await client.endSession(id)
      // The server's list can be up to a minute old.
      this.setData({ devices: this.data.devices.filter((device) => device.id !== id) })
    })
  },

  onLogOut() {
    return attempt(this, async () => {
      // The phone forgets its session even if the server cannot be reached.
      this.setLoggedOut(true)
      await client.logout()
    })
  },

  onLogOutEverywhere() {
    return attempt(this, async () => {
      await client.logoutEverywhere()
      this.setLoggedOut(true)
    })
  },

  load() {
    return attempt(this, () => this.list())
  },

  async list() {
    const sessions = await client.sessions()
    const devices = sessions.map(({ id, current, createdAt, expiresAt, userAgent }) => ({
      id,
      current,
      name: toDeviceName(userAgent || ''),
      since: formatTime(createdAt),
      until: formatTime(expiresAt),
    }))
    this.setData({ devices })
  },

  /** @param {boolean} loggedOut */
  setLoggedOut(loggedOut) {
    getApp().globalData.loggedOut = loggedOut
    this.setData({ loggedOut, devices: [] })
  },
})

/** @param {string} userAgent */
function toDeviceName(userAgent) {
  const names = ['wechatdevtools', 'iPhone', 'iPad', 'Android', 'Windows', 'Mac']
  const name = names.find((part) => userAgent.includes(part)) || '未知设备'
  return name === 'wechatdevtools' ? '微信开发者工具' : name
}
