/** A real KV namespace with a hook around each operation: to count, fail, delay, record or replace. */

export type KVOperation = 'get' | 'put' | 'delete' | 'list'

/**
 * Runs in place of an operation, and calls `proceed` for the real one. What the hook returns is the
 * operation's result; what it throws is the operation's error.
 *
 * @param operation `get` stands for `getWithMetadata` as well.
 * @param key The key, or the prefix of a list.
 * @param options What the operation was given besides key and value: KV's options, or the type of a
 *   value as a text.
 */
export type KVHook = (
  operation: KVOperation,
  key: string,
  proceed: () => Promise<unknown>,
  options: unknown,
) => unknown

const OPERATIONS: Readonly<Record<string, KVOperation>> = {
  get: 'get',
  getWithMetadata: 'get',
  put: 'put',
  delete: 'delete',
  list: 'list',
}

/** Which argument holds the options. */
const OPTIONS_AT: Readonly<Record<KVOperation, number>> = { get: 1, put: 2, delete: 1, list: 0 }

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
      return async (...args: unknown[]) => {
        const proceed = async () => Reflect.apply(method, target, args)
        return hook(operation, toKey(args[0]), proceed, args[OPTIONS_AT[operation]])
      }
    },
  })
}

/** The first argument of an operation is a key, several keys, or the options of a list. */
function toKey(argument: unknown): string {
  if (typeof argument !== 'object' || argument === null) return String(argument ?? '')
  return Array.isArray(argument) ? argument.join() : String(Reflect.get(argument, 'prefix') ?? '')
}
