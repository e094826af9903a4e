/** What no waiting mends at the start of a server: the process says it and ends. */

/** A fault with a message for the operator, which holds no secret. */
export class StartFault extends Error {
  override readonly name = 'StartFault'
}

/**
 * Loads a package that only some servers need.
 *
 * @throws {StartFault} if it is not installed
 */
export async function loadClient<Module>(
  name: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new StartFault(`STORE needs the package ${name}; install it: npm i ${name}`)
  }
}
