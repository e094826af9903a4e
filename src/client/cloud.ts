/**
 * WeChat Cloud Hosting: requests for the server go over `wx.cloud.callContainer`, which needs no
 * domain.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/wxcloudservice/wxcloudrun/src/development/call/mini.html
 */

import { type Advice, toError } from './error'
import type { Wx, WxRequestOptions } from './wx'

/**
 * A service of WeChat Cloud Hosting.
 *
 * @example
 * ```ts
 * const cloud: CloudOptions = { env: 'prod-0a1b2c3d', service: 'code2session' }
 * ```
 */
export interface CloudOptions {
  /** The id of the environment. */
  readonly env: string
  /** The name of the service. */
  readonly service: string
}

/** Stands for the service in URLs. The name resolves nowhere (RFC 6761). */
export const CLOUD_BASE = 'https://cloud.invalid'

/** What a failure of `callContainer` that lasts wants from the developer. */
const FAULTS: readonly Advice[] = [
  [/\b102005\b/, 'Cloud Hosting takes GET, POST, PUT and DELETE only.'],
  [/-501000/, 'Check env, service and the path: this mini program may not call them.'],
  [/-606001/, 'Cloud Hosting takes requests of at most 100 KB. Send less.'],
  [/-606003/, 'The environment of Cloud Hosting is overdue. Pay for it in the console.'],
]

/** The same `wx`; with options, its `request` sends what is for the service over `callContainer`. */
export function overCloud(wx: Wx, options: CloudOptions | undefined): Wx {
  if (!options) return wx
  const { env, service } = options
  let hasInit = false
  return Object.assign(Object.create(wx) as Wx, {
    request(options: WxRequestOptions & { fail(failure: unknown): void }) {
      if (options.url.indexOf(`${CLOUD_BASE}/`) !== 0) return wx.request(options)
      const { cloud } = wx
      if (!cloud) throw new Error('cloud:fail wx.cloud does not exist here')
      if (!hasInit) cloud.init({ env })
      hasInit = true
      const { url, header, ...rest } = options
      return cloud.callContainer({
        ...rest,
        config: { env },
        path: url.slice(CLOUD_BASE.length),
        header: { ...header, 'X-WX-SERVICE': service },
        fail: (failure: unknown) => options.fail(toFailure(failure)),
      })
    },
  })
}

/** The error of a failure that is Cloud Hosting's own; any other failure is as one of `wx.request`. */
function toFailure(failure: unknown): unknown {
  const error = toError(failure, 'wx_failed', 'stop', FAULTS)
  return error.action === 'stop' ? failure : error
}
