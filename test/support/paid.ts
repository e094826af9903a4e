/** A paid order, as a callback of WeChat Pay has it. */

import { CREDENTIALS } from './environment'
import { MCHID } from './wechat-pay'

export const PAID = {
  mchid: MCHID,
  appid: CREDENTIALS.WECHAT_APPID,
  out_trade_no: 'SERVER0001',
  transaction_id: '4200000000000000000000000001',
  trade_state: 'SUCCESS',
  success_time: '2026-11-25T12:00:00+08:00',
  payer: { openid: 'oUser' },
  amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
}
