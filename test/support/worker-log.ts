/** The lines that Workers under test log. */

export function createWorkerLog() {
  const lines: string[] = []
  const listeners = new Set<() => void>()
  return {
    lines,
    add(line: string): void {
      lines.push(line)
      for (const listen of listeners) listen()
    },
    /** Resolves with the first line that fits. A line can arrive after the answer that it is about. */
    find(pattern: RegExp): Promise<string> {
      const { promise, resolve } = Promise.withResolvers<string>()
      const listen = () => {
        const line = lines.find((line) => pattern.test(line))
        if (line !== undefined) resolve(line)
      }
      listeners.add(listen)
      listen()
      return promise.finally(() => listeners.delete(listen))
    },
  }
}
