/** Parsers of settings: vars, secrets and bindings of a Worker's `env`. */

import * as v from 'valibot'

// A secret piped in from a file ends in a newline, and an empty var counts as unset.
export const trimmed = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === 'string' ? value.trim() || undefined : value)),
)

export const text = v.pipe(
  trimmed,
  v.string(({ input }) => (input === undefined ? 'is missing' : 'must be a string')),
)

export const optionalText = v.optional(
  v.pipe(
    trimmed,
    v.transform((value) => value ?? null),
    v.nullable(v.string('must be a string')),
  ),
  null,
)

export const seconds = ({ min, max, ...rest }: { min: number; max: number; default: number }) => {
  const message = `must be a whole number of seconds from ${min} to ${max}`
  return v.optional(
    v.pipe(
      trimmed,
      v.transform((value = rest.default) =>
        typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value,
      ),
      v.number(message),
      v.integer(message),
      v.minValue(min, message),
      v.maxValue(max, message),
    ),
    rest.default,
  )
}

/** Comma-separated, white space around each part dropped. */
export const list = (fits: (part: string) => boolean, message: string) =>
  v.pipe(
    optionalText,
    v.transform((value) => value?.split(',').map((part) => part.trim()) ?? null),
    v.check((parts) => parts === null || parts.every(fits), message),
  )

export const binding = <Binding>(method: string, message: string) =>
  v.custom<Binding>((value) => typeof value === 'object' && !!value && method in value, message)

/** The shortest service key, in characters. */
const SERVICE_KEY_LENGTH = 32

/** The keys that backends authenticate with; `null` for none. */
export const serviceKeys = list(
  (key) => /^[\x21-\x7e]*$/.test(key) && key.length >= SERVICE_KEY_LENGTH,
  `must be keys of at least ${SERVICE_KEY_LENGTH} characters, separated by commas`,
)

/** A base URL of an API. Requests carry credentials, so plain http is for a loopback host only. */
export function isBaseUrl(value: string): boolean {
  const url = URL.parse(value)
  if (!url || url.username || url.password || /[?#]/.test(value)) return false
  if (url.protocol === 'https:') return true
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  return url.protocol === 'http:' && loopback
}
