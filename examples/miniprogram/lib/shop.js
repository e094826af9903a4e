/** Places orders at a shop, and asks it for their state. The shop of examples/hooks is one. */

const client = require('../client')
const { Code2SessionError } = require('./code2session')
const { baseUrl, sandbox, shop } = require('../config')

/** Empty if `config.js` names no shop. */
const shopUrl = sandbox ? `${baseUrl}/sandbox/shop` : shop

const hasShop = shopUrl !== ''

/**
 * Places an order. The shop decides what is sold, and for how much.
 *
 * @returns {Promise<{
 *   outTradeNo: string,
 *   parameters: import('./code2session').PaymentParameters,
 * }>} The number of the order, and the argument of `client.pay`
 */
function placeOrder() {
  return ask({ url: `${shopUrl}/orders`, method: 'POST', data: {} })
}

/**
 * @param {string} outTradeNo
 * @returns {Promise<'unpaid' | 'paid' | 'closed' | 'refunded'>}
 */
async function fetchOrderState(outTradeNo) {
  const { state } = await ask({ url: `${shopUrl}/orders/${outTradeNo}` })
  return state
}

/** @param {import('./code2session').RequestOptions} options */
async function ask(options) {
  const { statusCode, data } = await client.request(options)
  if (statusCode === 200) return data
  // A gateway in front of the shop may answer with HTML, which has neither code nor action.
  const { code, action, detail } = data || {}
  throw new Code2SessionError(
    code || 'answer_invalid',
    action || (statusCode >= 500 ? 'retry_later' : 'stop'),
    { statusCode, detail },
  )
}

module.exports = { fetchOrderState, hasShop, placeOrder }
