/** The access_tokens of WeChat's stable_token: one per mini program until it is close to its end. */

const LIFETIME_SECONDS = 7200
const RENEW_BEFORE_SECONDS = 300

interface Token {
  readonly access_token: string
  readonly expiresAt: number
}

export type AccessTokens = ReturnType<typeof createAccessTokens>

export function createAccessTokens({ now }: { now: () => number }) {
  const byApp = new Map<string, Token[]>()

  function issue(appid: string): Token {
    const access_token = `${crypto.randomUUID()}_${'x'.repeat(120)}`
    const token = { access_token, expiresAt: now() + LIFETIME_SECONDS }
    byApp.set(appid, [token, ...(byApp.get(appid) ?? [])].slice(0, 2))
    return token
  }

  return {
    /** Returns the current token. A forced refresh invalidates it at once and issues another. */
    get(appid: string, forceRefresh: boolean): { access_token: string; expires_in: number } {
      if (forceRefresh) byApp.delete(appid)
      const [current] = byApp.get(appid) ?? []
      const isFresh = current && now() < current.expiresAt - RENEW_BEFORE_SECONDS
      const { access_token, expiresAt } = isFresh ? current : issue(appid)
      return { access_token, expires_in: expiresAt - now() }
    },
    /** The appid that a valid token belongs to, or `null`. */
    findAppid(access_token: string | undefined): string | null {
      for (const [appid, tokens] of byApp) {
        const found = tokens.some(
          (token) => token.access_token === access_token && now() < token.expiresAt,
        )
        if (found) return appid
      }
      return null
    },
    /** Invalidates every token, as a forced refresh elsewhere would. */
    clear: () => byApp.clear(),
  }
}
