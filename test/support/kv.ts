/** A real KV namespace with a hook around each operation: to count, fail, delay, record or replace. */

export type KVOperation = 'get' | 'put' | 'delete' | 'list'

/**
 * Runs in place of an operation, and calls `proceed` for the real one. What the hook returns is the
 * operation's result; what it throws is the operation's error.
 *
 * @param operation `get` stands for `getWithMetadata` as well.
 * @param key The key, or the prefix of a list.
 */
export type KVHook = (
  operation: KVOperation,
  key: string,
  proceed: () => Promise<unknown>,
) => unknown

const OPERATIONS: Readonly<Record<string, KVOperation>> = {
  get: 'get',
  getWithMetadata: 'get',
  put: 'put',
  delete: 'delete',
  list: 'list',
}

/**
 * The namespace with this hook.
 *
 * @example
 * let puts = 0
 * const kv = hookedKV(env.SESSIONS, (operation, key, proceed) => {
 *   if (operation === 'delete') throw new Error('KV DELETE failed: 429 Too Many Requests')
 *   if (operation === 'put') puts++
 *   return proceed()
 * })
 */
export function hookedKV(real: KVNamespace, hook: KVHook): KVNamespace {
  return new Proxy(real, {
    get(target, name: string) {
      const method: unknown = Reflect.get(target, name)
      const operation = OPERATIONS[name]
      if (!operation || typeof method !== 'function') return method
      return async (...args: unknown[]) =>
        hook(operation, toKey(args[0]), async () => Reflect.apply(method, target, args))
    },
  })
}

/** The first argument of an operation is a key, several keys, or the options of a list. */
function toKey(argument: unknown): string {
  if (typeof argument !== 'object' || argument === null) return String(argument ?? '')
  return Array.isArray(argument) ? argument.join() : String(Reflect.get(argument, 'prefix') ?? '')
}
