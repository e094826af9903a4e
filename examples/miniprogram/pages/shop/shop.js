const client = require('../../client')
const { attempt, tryAgain } = require('../../lib/attempt')
const { fetchOrderState, hasShop, placeOrder } = require('../../lib/shop')

const TEXT_BY_STATE = {
  unpaid: '未支付',
  paid: '已支付',
  closed: '已关闭',
  refunded: '已退款',
}

Page({
  data: { hasShop, orderState: '', loggedOut: false, busy: false, failure: null },

  onShow() {
    this.setData({ loggedOut: getApp().globalData.loggedOut })
  },

  onNext() {
    return tryAgain(this)
  },

  onBuy() {
    return attempt(this, async () => {
      this.setData({ orderState: '' })
      const { outTradeNo, parameters } = await placeOrder()
      // Neither `ok` nor `cancelled` is a proof, so the backend is asked after both.
      await client.pay(parameters)
      // An attempt of its own, so that its retry does not buy a second time.
      await attempt(this, () => this.showState(outTradeNo))
    })
  },

  /** @param {string} outTradeNo */
  async showState(outTradeNo) {
    const state = await fetchOrderState(outTradeNo)
    this.setData({ orderState: TEXT_BY_STATE[state] })
  },
})
