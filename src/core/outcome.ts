/** The result of an RPC call. An exception would lose its class on the way to the caller. */

import type { ErrorCode } from './errors'
import type { FinishRequest } from './log'
import { type ProblemDetails, problemDetails, toProblem } from './problem'

type RpcOutcome<Result, Code extends string> =
  | ({ ok: true } & Result)
  | { ok: false; error: ProblemDetails<Code> }

/**
 * Runs the task of an RPC method, and writes its line into the log.
 *
 * @param method The name of the method
 */
export async function runMethod<Result, Code extends string = ErrorCode>(
  method: string,
  finish: FinishRequest,
  task: () => Promise<Result>,
): Promise<RpcOutcome<Result, Code>> {
  const record = { method: 'RPC', route: method }
  try {
    const result = await task()
    finish({ ...record, status: 200 })
    return { ok: true, ...result }
  } catch (error) {
    const problem = toProblem(error)
    finish({ ...record, status: problem.row.status, problem })
    // toProblem cannot know which error tables the service throws from.
    return { ok: false, error: problemDetails<string>(problem) as ProblemDetails<Code> }
  }
}
