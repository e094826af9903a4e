/** Reads `curl` commands as a shell and curl do. */

import { execFileSync } from 'node:child_process'

export interface CurlRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  /** JSON, parsed, or the fields of a form; `null` without a body in the command itself. */
  readonly body: unknown
}

/** Options that take a value, besides those that {@link readCurl} reads. */
const WITH_VALUE = ['-o', '-u', '-w']

/**
 * The request that a command makes.
 *
 * @param env The variables in the command
 */
export function readCurl(command: string, env: Readonly<Record<string, string>>): CurlRequest {
  const headers: string[] = []
  const request = { method: 'GET', url: '', headers, body: null as unknown }
  const words = readWords(command, env)
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith('-')) request.url = word
    else if (word === '-X') request.method = words.shift() ?? ''
    else if (word === '-H') headers.push(words.shift() ?? '')
    else if (WITH_VALUE.includes(word)) words.shift()
    else if (/^(--json|--data-urlencode|-[dF])$/.test(word)) {
      request.method = 'POST'
      request.body = readBody(word, words.shift() ?? '', headers)
    } else if (!/^-[is]+$/.test(word)) throw new Error(`curl ${word} is not read here`)
  }
  return request
}

function readBody(option: string, value: string, headers: readonly string[]) {
  if (value.startsWith('@') || option === '-F') return null
  const isJson = option === '--json' || headers.includes('Content-Type: application/json')
  if (isJson) return JSON.parse(value)
  const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(value) ?? []
  return { [name]: text }
}

function readWords(command: string, env: Readonly<Record<string, string>>): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`
  const output = execFileSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' })
  return output.split('\0').slice(0, -1)
}
