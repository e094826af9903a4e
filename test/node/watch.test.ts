/** The page of `npm run dev`, in headless Chromium. Without one, these tests are skipped. */

import { describe, expect, it } from 'vitest'
import { CHROMIUM } from '../support/browser'
import { complaints, foreignOrigins, misfits, openPage, pressed, STEP_IDS } from './watch/page'
import './watch/steps'
import './watch/payments'
import './watch/layout'

describe.skipIf(CHROMIUM.notice)(`the watch page after all its tests${CHROMIUM.notice}`, () => {
  it('The tests of the page press each of its buttons', async () => {
    const page = await openPage()
    const ids = await page.evaluate<string[]>(STEP_IDS)
    expect([...pressed].sort()).toEqual(ids.sort())
  })

  it('Whichever button is pressed, the page fits a phone, and the diagram begins at the top of its screen', () => {
    expect([...misfits]).toEqual([])
  })

  it('The page complains of nothing in its console, and sends no request elsewhere', () => {
    expect([complaints, foreignOrigins()]).toEqual([[], []])
  })
})
