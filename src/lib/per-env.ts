/** What is made once per `env`, which Workers keep for as long as the isolate lives. */

/**
 * Remembers what a function makes of an `env`.
 *
 * @example
 * const service = perEnv((env) => bindService(shared, env))
 */
export function perEnv<Value extends object>(
  create: (env: object) => Value,
): (env: object) => Value {
  const made = new WeakMap<object, Value>()
  return (env) => {
    const known = made.get(env)
    if (known) return known
    const value = create(env)
    made.set(env, value)
    return value
  }
}
