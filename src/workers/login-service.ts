/** The RPC interface: what the developer's other Workers call over a service binding. */

import { WorkerEntrypoint } from 'cloudflare:workers'
import { runMethod } from '../core/outcome'
import { Problem, type ProblemDetails, problemResponse, toProblem } from '../core/problem'
import { parse } from '../core/schemas'
import {
  DecryptBody,
  RevokeBody,
  RevokeUserBody,
  SignBody,
  SubscribeMessageBody,
} from '../login/http/bodies'
import { toDecryptedView, toVerifiedSession, type VerifiedSession } from '../login/http/views'
import { createService, type Service } from '../login/service'
import type { EncryptionKey } from '../login/wechat/session-key'
import type { SubscribeMessage } from '../login/wechat/subscribe-message'
import { parseWeChatCall, type WeChatCallOptions } from './pass-through-call'
import { workersRuntime } from './runtime'

/**
 * The result of an RPC call; `error` is the problem that HTTP would answer.
 *
 * @example
 * const outcome = await env.LOGIN.verify(token)
 * if (!outcome.ok) return Response.json(outcome.error, { status: outcome.error.status })
 */
export type Outcome<Result> = ({ ok: true } & Result) | { ok: false; error: ProblemDetails }

/**
 * The encrypted data to open, and the signed data to verify first, if it came along.
 *
 * @example
 * await env.LOGIN.decrypt(token, { encryptedData, iv })
 */
export interface EncryptedOpenData {
  readonly encryptedData: string
  readonly iv: string
  readonly rawData?: string
  readonly signature?: string
}

/**
 * A session as RPC gives it: `claims` is a JSON object. Cloudflare's types of bindings do not take
 * recursive types, so read it as the type that the login hook gives it.
 *
 * @example
 * const isAdmin = ({ claims }: RpcSession) => (claims as { role?: string })?.role === 'admin'
 */
export type RpcSession = Omit<VerifiedSession, 'claims'> & { readonly claims?: object }

/**
 * What a binding with `entrypoint = "LoginService"` offers. No method throws.
 *
 * @example
 * type Env = { LOGIN: LoginServiceMethods }
 */
export interface LoginServiceMethods {
  /** The session of a token, or of a JWT access token. */
  verify(token: string): Promise<Outcome<{ session: RpcSession }>>

  /** Open data of a token's session, and the time of its watermark in ISO 8601. */
  decrypt(
    token: string,
    openData: EncryptedOpenData,
  ): Promise<Outcome<{ data: object; timestamp: string }>>

  /** Signs a text with the session_key of a token's session: hex, lower case. */
  sign(token: string, text: string): Promise<Outcome<{ signature: string }>>

  /** The newest keys of `wx.getUserCryptoManager` of a token's session. */
  encryptionKeys(token: string): Promise<Outcome<{ keys: readonly EncryptionKey[] }>>

  /** Ends the session of a token; a token without a session is not an error. */
  revoke(token: string): Promise<Outcome<object>>

  /** Ends all of a user's sessions, as an administrator would. */
  revokeUser(userId: string): Promise<Outcome<object>>

  /**
   * Calls WeChat's server API with an access_token put in. The response is WeChat's as it is, or
   * problem details (`application/problem+json`) where WeChat has not answered.
   *
   * @param path `/wxa/getwxacodeunlimit`
   */
  wechat(path: string, options?: WeChatCallOptions): Promise<Response>

  /** Sends one subscribe message: the body of `POST /subscribe-messages`. */
  sendSubscribeMessage(message: SubscribeMessage): Promise<Outcome<object>>
}

/**
 * What {@link createLoginService} takes.
 *
 * @example
 * const options: LoginServiceOptions = { service: createService(workersRuntime) }
 */
export interface LoginServiceOptions {
  /** What is behind the class; by default a service of its own in the Workers runtime. */
  readonly service?: (env: object) => Service
}

/**
 * Makes the entrypoint class. Its results are outcomes, because an exception loses its class on the
 * way to the caller.
 *
 * @example
 * export class LoginService extends createLoginService() {}
 */
export function createLoginService({
  service = createService(workersRuntime),
}: LoginServiceOptions = {}): new (
  ctx: ExecutionContext,
  env: object,
) => WorkerEntrypoint<object> & LoginServiceMethods {
  return class LoginService extends WorkerEntrypoint<object> implements LoginServiceMethods {
    verify(token: string) {
      return runMethod(service(this.env), 'verify', async (service) => {
        const verified = await service.verifyToken(requireToken(token))
        if (!verified) throw new Problem('session_invalid')
        return { session: toVerifiedSession(verified.session) }
      })
    }

    decrypt(token: string, openData: EncryptedOpenData) {
      return runMethod(service(this.env), 'decrypt', async (service) => {
        const session = await service.authenticate(requireToken(token))
        const request = parse(DecryptBody, openData)
        return toDecryptedView(await service.decryptData(session, request))
      })
    }

    sign(token: string, text: string) {
      return runMethod(service(this.env), 'sign', async (service) => {
        const session = await service.authenticate(requireToken(token))
        const body = parse(SignBody, { token, text })
        return { signature: await service.sign(session, body.text) }
      })
    }

    encryptionKeys(token: string) {
      return runMethod(service(this.env), 'encryptionKeys', async (service) => {
        const session = await service.authenticate(requireToken(token))
        return { keys: await service.encryptionKeys(session) }
      })
    }

    revoke(token: string) {
      return runMethod(service(this.env), 'revoke', async (service) => {
        await service.revoke(parse(RevokeBody, { token }).token)
        return {}
      })
    }

    async wechat(path: string, options: WeChatCallOptions = {}) {
      const current = service(this.env)
      const finish = current.startRequest()
      const record = { method: 'RPC', route: 'wechat' }
      try {
        const response = await current.passThrough(parseWeChatCall(path, options))
        finish({ ...record, status: response.status })
        return response
      } catch (error) {
        const problem = toProblem(error)
        finish({ ...record, status: problem.row.status, problem })
        return problemResponse(problem)
      }
    }

    revokeUser(userId: string) {
      return runMethod(service(this.env), 'revokeUser', async (service) => {
        await service.endAllSessions(parse(RevokeUserBody, { userId }))
        return {}
      })
    }

    sendSubscribeMessage(message: SubscribeMessage) {
      return runMethod(service(this.env), 'sendSubscribeMessage', async (service) => {
        await service.sendSubscribeMessage(parse(SubscribeMessageBody, message))
        return {}
      })
    }
  }
}

/** The caller's types end at the binding. */
function requireToken(token: unknown): string {
  if (typeof token === 'string') return token
  throw new Problem('session_invalid')
}
