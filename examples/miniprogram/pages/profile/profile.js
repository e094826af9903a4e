const client = require('../../client')
const { attempt, tryAgain } = require('../../lib/attempt')

Page({
  data: {
    avatarUrl: '',
    nickname: '',
    phoneNumber: '',
    /** What became of scope.werun. */
    weRun: '',
    steps: 0,
    loggedOut: false,
    busy: false,
    failure: null,
  },

  onShow() {
    const { loggedOut } = getApp().globalData
    this.setData({ loggedOut })
    if (loggedOut) return
    // In the button's callback a login would be too late: it can change the key of what was given.
    return attempt(this, () => client.ready())
  },

  onNext() {
    return tryAgain(this)
  },

  /** A temporary file: a real mini program sends it to its own backend with `wx.uploadFile`. */
  onChooseAvatar({ detail }) {
    this.setData({ avatarUrl: detail.avatarUrl })
  },

  onFocus() {
    // This input, alone among all, does not ask for the privacy agreement: it becomes a plain one.
    if (wx.requirePrivacyAuthorize) wx.requirePrivacyAuthorize({ fail() {} })
  },

  /** From the form and not from `bindblur`: WeChat may still empty the input after that. */
  onSave({ detail }) {
    this.setData({ nickname: detail.value.nickname })
  },

  onGetPhoneNumber({ detail }) {
    return attempt(this, async () => {
      this.setData({ phoneNumber: '' })
      const { phoneNumber } = await client.phoneNumber(detail)
      this.setData({ phoneNumber })
    })
  },

  onWeRun() {
    return attempt(this, async () => {
      const outcome = await client.authorize('scope.werun')
      if (outcome === 'granted') await this.showSteps()
      this.setData({ weRun: outcome })
    })
  },

  async showSteps() {
    const { data } = await client.weRun()
    const [today] = data.stepInfoList.slice(-1)
    this.setData({ steps: today ? today.step : 0 })
  },
})
