/** The lines that Workers under test log. */

/** A line that has not arrived by then does not come, in milliseconds. */
const LONGEST_WAIT = 10_000

export function createWorkerLog() {
  const lines: string[] = []
  const listeners = new Set<() => void>()
  return {
    lines,
    add(line: string): void {
      lines.push(line)
      for (const listen of listeners) listen()
    },
    /**
     * Resolves with the first line that fits. A line can arrive after the answer that it is about. If
     * none comes, it rejects with what was logged instead.
     */
    find(pattern: RegExp): Promise<string> {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const giveUp = () => reject(new Error(`no line fits ${pattern}:\n${lines.join('\n')}`))
      const timer = setTimeout(giveUp, LONGEST_WAIT)
      const listen = () => {
        const line = lines.find((line) => pattern.test(line))
        if (line !== undefined) resolve(line)
      }
      listeners.add(listen)
      listen()
      return promise.finally(() => {
        clearTimeout(timer)
        listeners.delete(listen)
      })
    },
  }
}
