/** What is wrong with settings of the payments Worker. */

import { Problem } from '../../src/core/problem'
import { findOptionalFaults, parsePayConfig } from '../../src/pay/config'
import { PAY_SETTINGS } from './wechat-pay'

/** The faults that the log names; none for settings that are right. */
export async function findFaults(settings: Record<string, unknown>): Promise<readonly string[]> {
  try {
    return findOptionalFaults(await parsePayConfig({ ...PAY_SETTINGS, ...settings }))
  } catch (error) {
    if (error instanceof Problem && error.code === 'misconfigured') {
      return error.options.log?.settings ?? []
    }
    throw error
  }
}
