/** One line on stderr that says how far the benchmark is. */

export interface Progress {
  /** A new step, such as a round. */
  step(text: string): void
  /** What the step is doing now. Shown on a terminal only. */
  detail(text: string): void
  end(): void
}

export function createProgress(secondsNow: () => number): Progress {
  const { stderr } = process
  let current = ''
  const write = (text: string) => {
    const line = `${Math.round(secondsNow())} s: ${text}`
    // One column less than the terminal has, because a line that wraps could not be overwritten.
    if (stderr.isTTY) stderr.write(`\r\x1b[K${line.slice(0, stderr.columns - 1)}`)
    else stderr.write(`${line}\n`)
  }
  return {
    step(text) {
      current = text
      write(text)
    },
    detail(text) {
      if (stderr.isTTY) write(`${current}, ${text}`)
    },
    end() {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}
