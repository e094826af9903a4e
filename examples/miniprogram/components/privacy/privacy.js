/** The privacy agreement. Calls for personal data wait until the user has answered it. */
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
    // WeChat keeps only the last listener, so each page registers its own when it is shown.
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
        // WeChat wants to know when the agreement is shown.
        resolve({ event: 'exposureAuthorization' })
      })
    },

    /** @param {{ event: 'agree' | 'disagree', buttonId?: string }} result */
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
