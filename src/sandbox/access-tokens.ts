/** access_tokens as stable_token gives them: the same one until it is near its end. */

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
    /** Normal mode gives the present token; a forced refresh ends it at once. */
    stable(appid: string, force: boolean): { access_token: string; expires_in: number } {
      if (force) byApp.delete(appid)
      const [present] = byApp.get(appid) ?? []
      const lives = present && now() < present.expiresAt - RENEW_BEFORE_SECONDS
      const { access_token, expiresAt } = lives ? present : issue(appid)
      return { access_token, expires_in: expiresAt - now() }
    },
    /** The appid a token is good for, if it is good. */
    appOf(access_token: string | undefined): string | null {
      for (const [appid, tokens] of byApp) {
        const found = tokens.some(
          (token) => token.access_token === access_token && now() < token.expiresAt,
        )
        if (found) return appid
      }
      return null
    },
    /** Ends every token, as a forced refresh elsewhere would. */
    endAll: () => byApp.clear(),
  }
}
