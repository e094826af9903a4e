/** The options of `createClient`, and the checks that they have to pass. */

import { CLOUD_BASE, type CloudOptions } from './cloud'
import { parseOrigin } from './origin'
import type { Wx, WxResponse } from './wx'

/**
 * The options of `createClient`.
 *
 * @example
 * ```ts
 * const options: ClientOptions = {
 *   baseUrl: 'https://login.example.com',
 *   hosts: ['https://api.example.com'],
 * }
 * ```
 */
export type ClientOptions = CommonOptions &
  (
    | {
        /** The URL of the server: `https://login.example.com`, with its path if it is mounted under one. */
        readonly baseUrl: string
        readonly cloud?: undefined
      }
    | {
        /** The server in WeChat Cloud Hosting, in place of `baseUrl`. */
        readonly cloud: CloudOptions
        readonly baseUrl?: undefined
      }
  )

interface CommonOptions {
  /** The `wx` to use. The default is the global `wx` of the mini program. */
  readonly wx?: Wx
  /** Other origins that get a token, such as `https://api.example.com`. No paths, no wildcards. */
  readonly hosts?: readonly string[]
  /**
   * The AppID to log in to, for a server with several mini programs that gets no Referer, as in
   * Cloud Hosting.
   */
  readonly appid?: string
  /**
   * Whether `hosts` get JWT access tokens in place of the session's token. The default is false. The
   * server needs an ACCESS_TOKEN_KEY for it.
   */
  readonly accessTokens?: boolean
  /** The key of the session in `wx` storage. The default is `code2session`. */
  readonly storageKey?: string
  /**
   * Says whether an answer other than HTTP 401 means that the session has ended, for backends that
   * say so with HTTP 200.
   */
  loginWhen?(response: WxResponse): boolean
  /** How long `wx.login` may take, in milliseconds. The default is 10,000. */
  readonly loginTimeout?: number
}

/** Checked options. */
export interface Settings extends CommonOptions {
  readonly baseUrl: string
  readonly cloud?: CloudOptions | undefined
  /** The origins that get a token. The first is the server's. */
  readonly origins: readonly (string | null)[]
}

/** @throws {Error} if `baseUrl`, `cloud` or one of `hosts` is missing or malformed. */
export function requireSettings(options: Partial<ClientOptions> = {}): Settings {
  const baseUrl = options.cloud ? requireCloud(options) : requireUrl(options.baseUrl, 'baseUrl')
  const hosts = (options.hosts || []).map((host) => requireUrl(host, 'hosts'))
  return { ...options, baseUrl, origins: [baseUrl, ...hosts].map(parseOrigin) }
}

function requireCloud({ cloud, baseUrl }: Partial<ClientOptions>): string {
  if (baseUrl) throw new Error('baseUrl and cloud exclude each other')
  if (cloud?.env && cloud.service) return CLOUD_BASE
  throw new Error('cloud must be like { env: "prod-0a1b2c3d", service: "code2session" }')
}

/** The token goes to these origins, so user names, wildcards and queries are refused. */
const URL_PATTERN = /^https?:\/\/[^/?#@*\\\s]+(\/[^?#@*\\\s]*)?$/i

/** The URL without slashes at its end. Only `baseUrl` may have a path, only `hosts` no scheme. */
function requireUrl(value: unknown, option: 'baseUrl' | 'hosts'): string {
  const isHost = option === 'hosts'
  const text = typeof value === 'string' ? value.trim() : ''
  const url = (isHost ? text.replace(/^(?!https?:\/\/)/i, 'https://') : text).replace(/\/+$/, '')
  const match = URL_PATTERN.exec(url)
  if (match && !(isHost && match[1])) return url
  const fault = value ? 'not valid' : 'missing'
  throw new Error(
    `${option} is ${fault}: baseUrl and hosts must be like https://a.example, hosts without a path`,
  )
}
