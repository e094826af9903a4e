/** Explains a failure to the user by its `action`, and to the developer in small print. */

const { baseUrl, sandbox, shop } = require('../config')

/**
 * @typedef {object} Failure What the component `failure` shows
 * @property {string} text For the user
 * @property {'login' | 'retry' | ''} next The button: log in and try again, try again, or none
 * @property {string} detail For the developer
 */

/** A request that fails does not say which of them it was for. */
const servers = shop && !sandbox ? `${baseUrl} 或 ${shop}` : baseUrl

/** @type {Record<string, { text: string, next: Failure['next'] }>} */
const BY_ACTION = {
  login_again: { text: '登录状态已失效，请重新登录。', next: 'login' },
  retry_later: { text: '服务暂时不可用，请稍后重试。', next: 'retry' },
  fix_request: { text: '请求有误，重试也不会成功，请检查代码。', next: '' },
  stop: { text: '操作没有成功，重试也不会成功。', next: '' },
}

const TEXT_BY_CODE = {
  network_error: `连不上 ${servers}：服务器启动了吗？开发者工具里勾选“不校验合法域名”了吗？`,
  appid_unknown: '服务器没有这个小程序：project.config.json 里的 AppID 与服务器的不是同一个。',
  code_invalid: '服务器不认识这个 code：它已超过五分钟，或者不是这个小程序的 wx.login 给的。',
  misconfigured: '服务器的设置有误，请看服务器的日志。',
  order_closed: '订单已关闭，请再点一次按钮，重新下单。',
  order_paid: '订单已支付，无需再付。',
  parameters_invalid: '支付参数有误：请把后端返回的 parameters 原样传给 client.pay。',
  payment_refused: '微信支付拒绝了这笔付款：可能是风控、规则限制，或付款账户异常。',
  rate_limited: '操作太频繁了，请稍后重试。',
  url_invalid: '请求的 url 要么以 / 开头，要么是完整的 https 地址。',
  user_blocked: '微信判定该用户有风险，拒绝登录。',
  wx_login_failed: 'wx.login 没有成功，请稍后重试。',
}

const TEXT_BY_ERRNO = {
  103: '你没有同意《用户隐私保护指引》，所以拿不到这项信息。',
  104: '你没有同意《用户隐私保护指引》，所以拿不到这项信息。',
  112: '《用户隐私保护指引》里没有声明这项信息，请到小程序后台补充。',
  1400001: '手机号快速验证的次数已用完，请到小程序后台购买。',
}

/**
 * Older base libraries give no errno.
 *
 * @type {[RegExp, string][]}
 */
const TEXT_BY_ERRMSG = [
  [/privacy permission is not authorized/, TEXT_BY_ERRNO[104]],
  [/not declared in the privacy agreement/, TEXT_BY_ERRNO[112]],
  [/^requestPayment:.*no permission/, '微信限制了这个小程序的支付功能，请到小程序后台查看通知。'],
  [/deny|denied|cancel/, '你没有同意，所以拿不到这项信息。'],
  [/no permission/, '这个小程序没有这项权限，例如个人主体不能获取手机号。'],
]

/**
 * @param {Partial<import('./code2session').Code2SessionError>} error
 * @returns {Failure}
 */
function explain(error) {
  const { code, action, errMsg, errno, message, retryAfter } = error
  const { text, next } = BY_ACTION[action] || BY_ACTION.stop
  // The message can repeat one of the others.
  const parts = [code, errno, errMsg, message].filter(Boolean)
  const detail = [...new Set(parts)].join(' · ')
  if (code === 'tap_required') return { text: '数据已过期，请再点一次按钮。', next: '', detail }
  const [, said] = TEXT_BY_ERRMSG.find(([pattern]) => pattern.test(errMsg || '')) || []
  const known = TEXT_BY_ERRNO[errno] || said || TEXT_BY_CODE[code] || text
  return { text: retryAfter ? `${known}（${retryAfter} 秒后）` : known, next, detail }
}

module.exports = { explain }
