/** The result of an RPC call. An exception would lose its class on the way to the caller. */

import type { ErrorCode } from './errors'
import type { FinishRequest } from './log'
import { type ProblemDetails, problemDetails, toProblem } from './problem'

export type RpcOutcome<Result, Code extends string> =
  | ({ ok: true } & Result)
  | { ok: false; error: ProblemDetails<Code> }

/** What the runner needs of a service. */
interface TimedService {
  startRequest(): FinishRequest
}

/**
 * Runs the task of an RPC method on a service, and writes its line into the log.
 *
 * @param method The name of the method
 */
export async function runMethod<
  Service extends TimedService,
  Result,
  Code extends string = ErrorCode,
>(
  service: Service,
  method: string,
  task: (service: Service) => Promise<Result>,
): Promise<RpcOutcome<Result, Code>> {
  const finish = service.startRequest()
  const record = { method: 'RPC', route: method }
  try {
    const result = await task(service)
    finish({ ...record, status: 200 })
    return { ok: true, ...result }
  } catch (error) {
    const problem = toProblem(error)
    finish({ ...record, status: problem.row.status, problem })
    // toProblem cannot know which error tables the service throws from.
    return { ok: false, error: problemDetails<string>(problem) as ProblemDetails<Code> }
  }
}
