/** The dialog that WeChat wants before anything personal: a call waits until it is answered. */
Component({
  data: { asking: false },

  lifetimes: {
    created() {
      this.waiting = []
    },
    attached() {
      this.listen()
    },
    detached() {
      this.answer({ event: 'disagree' })
    },
  },

  pageLifetimes: {
    // There is one listener for all pages, the last: so each page takes it when it is shown.
    show() {
      this.listen()
    },
  },

  methods: {
    listen() {
      // Base libraries before 2.32.3 have no privacy agreement.
      if (!wx.onNeedPrivacyAuthorization) return
      wx.onNeedPrivacyAuthorization((resolve) => {
        this.waiting.push(resolve)
        this.setData({ asking: true })
        // WeChat counts how often the agreement is shown.
        resolve({ event: 'exposureAuthorization' })
      })
    },

    answer(result) {
      for (const resolve of this.waiting.splice(0)) resolve(result)
      this.setData({ asking: false })
    },

    onAgree() {
      this.answer({ event: 'agree', buttonId: 'agree' })
    },

    onDisagree() {
      this.answer({ event: 'disagree' })
    },

    onOpenContract() {
      wx.openPrivacyContract({
        fail: ({ errMsg }) => wx.showToast({ title: errMsg, icon: 'none' }),
      })
    },
  },
})
