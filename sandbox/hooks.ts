/** The hooks of the sandbox: what a developer's own code would say of its users and its shop. */

import { isObject } from '../src/lib/encoding'
import type { Hooks } from '../src/login/hooks'
import { isFoundAppid, MINI_PROGRAMS } from './mini-programs'
import { PRODUCT } from './pushed'
import type { SandboxUser } from './users'

interface HooksOptions {
  readonly findUser: (appid: string, openid: string) => SandboxUser | null
}

/**
 * Denies the login of a blocked user, and gives the others a role. Delivers the one product of the
 * shop; it does not know any other, so the Worker has no answer to a notice for it. Knows two mini
 * programs that the settings do not have.
 */
export function createHooks({ findUser }: HooksOptions): Hooks {
  return {
    onLogin({ appid, openid }) {
      const user = findUser(appid, openid)
      if (user?.isBlocked) return { deny: true }
      return { claims: { role: user?.name === 'admin' ? 'admin' : 'member' } }
    },
    onEvent({ event: { Event, GoodsInfo } }) {
      const { ProductId } = isObject(GoodsInfo) ? GoodsInfo : {}
      const isSold = Event === 'xpay_goods_deliver_notify' && ProductId === PRODUCT
      return isSold ? { ErrCode: 0, ErrMsg: 'success' } : null
    },
    findMiniProgram: ({ appid }) => (isFoundAppid(appid) ? MINI_PROGRAMS[appid] : null),
  }
}
