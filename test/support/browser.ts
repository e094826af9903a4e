/**
 * The browser in which pages are tested.
 *
 * On Debian and Ubuntu: `apt-get install chromium`. Elsewhere set CHROMIUM to the path of a Chromium
 * or Chrome.
 */

import { chromium } from 'playwright-core'
import { findProgram } from './programs'

export const CHROMIUM = findProgram('chromium', process.env.CHROMIUM)

export type Browser = Awaited<ReturnType<typeof launchBrowser>>

/** Starts a browser with one page: to open another takes a second of processor time. */
export async function launchBrowser() {
  const browser = await chromium.launch({
    executablePath: CHROMIUM.path,
    args: ['--no-sandbox'],
  })
  const page = await browser.newPage()
  const devTools = await page.context().newCDPSession(page)
  const userAgent = await page.evaluate<string>('navigator.userAgent')
  return {
    page,
    /** The languages that the user prefers, from the next page on that is loaded. */
    async prefer(languages: readonly string[]): Promise<void> {
      const acceptLanguage = languages.join()
      await devTools.send('Emulation.setUserAgentOverride', { userAgent, acceptLanguage })
    },
    /** The time zone of the user; the machine's, if it is empty. */
    async moveTo(timezoneId: string): Promise<void> {
      await devTools.send('Emulation.setTimezoneOverride', { timezoneId })
    },
    close: () => browser.close(),
  }
}
