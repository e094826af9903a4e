const client = require('../../client')
const { attempt, tryAgain } = require('../../lib/attempt')

Page({
  data: {
    avatarUrl: '',
    nickname: '',
    phoneNumber: '',
    /** What `client.authorize` returned: granted, denied or needs-settings. */
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
    // A login in the phone button's callback would be too late: it can change the session_key with
    // which the data was encrypted.
    return attempt(this, () => client.ready())
  },

  onNext() {
    return tryAgain(this)
  },

  /** The avatar is a temporary file. Send it to your own backend with `wx.uploadFile`. */
  onChooseAvatar({ detail }) {
    this.setData({ avatarUrl: detail.avatarUrl })
  },

  onFocus() {
    // Without the agreement this input silently becomes a plain one, so ask for it.
    if (wx.requirePrivacyAuthorize) wx.requirePrivacyAuthorize({ fail() {} })
  },

  /** Read from the form, not on `bindblur`: WeChat may reject the nickname and clear it later. */
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
