/** The RPC door: what other Workers of the developer call over a service binding. */

import { WorkerEntrypoint } from 'cloudflare:workers'
import type { Config } from './config'
import { parse } from './http/body'
import { DecryptBody, type SubscribeMessage } from './http/schemas'
import { iso, type VerifiedSession, verifiedSession } from './http/views'
import { logEntry } from './log'
import { Problem, type ProblemDetails, problemDetails, problemOf } from './problem'
import type { Core } from './service'

/** What an RPC call comes to: the error, where there is one, is the problem HTTP would answer. */
export type Outcome<Result> = ({ ok: true } & Result) | { ok: false; error: ProblemDetails }

/**
 * Makes the entrypoint class for a core. Results are outcomes and not exceptions: an exception
 * loses its class on the way to the caller.
 */
export function createLoginService(core: Core) {
  async function outcome<Result>(
    env: object,
    method: string,
    task: (config: Config) => Promise<Result>,
  ): Promise<Outcome<Result>> {
    const began = core.deps.milliseconds()
    const record = (status: number, problem?: Problem) => {
      const ms = core.deps.milliseconds() - began
      core.deps.log(logEntry({ method: 'RPC', route: method, status, ms, problem }))
    }
    try {
      const result = await task(core.configOf(env))
      record(200)
      return { ok: true, ...result }
    } catch (error) {
      const problem = problemOf(error)
      record(problem.row.status, problem)
      return { ok: false, error: problemDetails(problem) }
    }
  }

  return class LoginService extends WorkerEntrypoint {
    /** Whose token this is. */
    verify(token: string): Promise<Outcome<{ session: VerifiedSession }>> {
      return outcome(this.env, 'verify', async (config) => ({
        session: verifiedSession(await core.verify(config, tokenOf(token))),
      }))
    }

    /** Open data of a token's session: `{encryptedData, iv}`, and `{rawData, signature}` to verify. */
    decrypt(
      token: string,
      openData: { encryptedData: string; iv: string; rawData?: string; signature?: string },
    ): Promise<Outcome<{ data: Record<string, unknown>; timestamp: string }>> {
      return outcome(this.env, 'decrypt', async (config) => {
        const session = await core.verify(config, tokenOf(token))
        const { data, timestamp } = await core.decrypt(
          config,
          session,
          parse(DecryptBody, openData),
        )
        return { data, timestamp: iso(timestamp) }
      })
    }

    /** Ends all of a user's sessions, as an administrator would. */
    revokeUser(userId: string): Promise<Outcome<object>> {
      return outcome(this.env, 'revokeUser', async (config) => {
        await core.revokeUser(config, userId)
        return {}
      })
    }

    /** Sends one subscribe message: the body of `POST /subscribe-messages`. */
    sendSubscribeMessage(message: SubscribeMessage): Promise<Outcome<object>> {
      return outcome(this.env, 'sendSubscribeMessage', async (config) => {
        await core.sendSubscribeMessage(config, message)
        return {}
      })
    }
  }
}

/** A caller's types end at the binding. */
function tokenOf(token: unknown): string {
  if (typeof token === 'string') return token
  throw new Problem('session_invalid')
}
