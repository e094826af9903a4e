/** What no waiting mends at the start of a server: the process says it and ends. */

/** A fault with a message for the operator, which holds no secret. */
export class StartFault extends Error {}

/** Names a fault of the start, and ends the process. */
export function fail(error: unknown): never {
  if (!(error instanceof StartFault)) throw error
  console.error(`code2session cannot start: ${error.message}`)
  process.exit(1)
}

/** For what a client of a store throws of its URL, whose message may quote a password. */
export function toStoreFault(): never {
  const urls = 'redis://…, rediss://… or mysql://USER:PASSWORD@HOST:PORT/DATABASE'
  throw new StartFault(`STORE must be sqlite:PATH, ${urls}, percent-encoded`)
}

/**
 * Loads a package that only some servers need.
 *
 * @throws {StartFault} if it is not installed
 */
export function loadClient<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  return load().catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new StartFault(`STORE needs the package ${name}; install it: npm i ${name}`)
  })
}
