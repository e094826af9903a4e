/**
 * A `wx` whose codes and open data come from the sandbox of `npm run dev`. Its requests are real.
 * Your own mini program does not need this file.
 */

/** @param {string} baseUrl The URL of the sandbox */
function createSandboxPhone(baseUrl) {
  /**
   * Does on the sandbox's phone what `wx` or a button would do.
   *
   * @param {string} name
   * @param {object} data
   * @returns {Promise<any>}
   */
  function press(name, data = {}) {
    return new Promise((resolve, reject) => {
      wx.request({
        url: `${baseUrl}/sandbox/${name}`,
        method: 'POST',
        data,
        success: ({ statusCode, data }) =>
          statusCode === 200
            ? resolve(data)
            : reject({ errMsg: `${name}:fail ${baseUrl} has no sandbox` }),
        fail: reject,
      })
    })
  }

  const callBack = (/** @type {string} */ name) => (/** @type {any} */ callbacks) => {
    press(name).then(callbacks.success, callbacks.fail)
  }
  const succeed = (/** @type {object} */ result) => (/** @type {any} */ callbacks) =>
    callbacks.success(result)

  /** The sandbox pays at once, or says why it does not. */
  const requestPayment = (/** @type {any} */ { success, fail, complete, ...parameters }) => {
    press('wx.requestPayment', parameters).then(
      (result) => (result.errMsg === 'requestPayment:ok' ? success(result) : fail(result)),
      fail,
    )
  }

  // The user of the sandbox has granted every scope.
  const settings = succeed({ authSetting: { 'scope.werun': true } })

  return {
    wx: {
      login: callBack('wx.login'),
      getUserInfo: callBack('wx.getUserInfo'),
      getWeRunData: callBack('wx.getWeRunData'),
      checkSession: succeed({}),
      getSetting: settings,
      openSetting: settings,
      authorize: succeed({}),
      requestPayment,
      request: (options) => wx.request(options),
      getStorageSync: (key) => wx.getStorageSync(key),
      setStorageSync: (key, value) => wx.setStorageSync(key, value),
      removeStorageSync: (key) => wx.removeStorageSync(key),
    },
    /** `e.detail` of `<button open-type="getPhoneNumber">`. */
    getPhoneNumber: () => press('getPhoneNumber'),
  }
}

module.exports = { createSandboxPhone }
