/** Origins of URLs, by regular expressions: a mini program has no `URL` class. */

/** Scheme, host and port of an http or https URL, without a default port; null for other texts. */
export function parseOrigin(url: string): string | null {
  const match = /^(https?):\/\/[^/?#]+/i.exec(url)
  if (!match) return null
  const origin = match[0].toLowerCase()
  return origin.replace(origin[4] === 's' ? /:443$/ : /:80$/, '')
}
