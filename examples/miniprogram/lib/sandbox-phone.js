/**
 * A `wx` whose codes and open data come from the phone of `npm run dev`, over the real `wx.request`.
 * A mini program of your own has no use for this file.
 */

function createSandboxPhone(baseUrl) {
  function press(name) {
    return new Promise((resolve, reject) => {
      wx.request({
        url: `${baseUrl}/sandbox/${name}`,
        method: 'POST',
        data: {},
        success: ({ statusCode, data }) =>
          statusCode === 200
            ? resolve(data)
            : reject({ errMsg: `${name}:fail ${baseUrl} has no sandbox` }),
        fail: reject,
      })
    })
  }

  const pressed = (name) => (callbacks) => {
    press(name).then(callbacks.success, callbacks.fail)
  }
  const given = (result) => (callbacks) => callbacks.success(result)

  // The sandbox's user has allowed everything.
  const settings = given({ authSetting: { 'scope.werun': true } })

  return {
    wx: {
      login: pressed('wx.login'),
      getUserInfo: pressed('wx.getUserInfo'),
      getWeRunData: pressed('wx.getWeRunData'),
      checkSession: given({}),
      getSetting: settings,
      openSetting: settings,
      authorize: given({}),
      request: (options) => wx.request(options),
      getStorageSync: (key) => wx.getStorageSync(key),
      setStorageSync: (key, value) => wx.setStorageSync(key, value),
      removeStorageSync: (key) => wx.removeStorageSync(key),
    },
    /** `e.detail` of the phone button. */
    getPhoneNumber: () => press('getPhoneNumber'),
  }
}

module.exports = { createSandboxPhone }
