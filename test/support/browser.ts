/**
 * The browser in which pages are tested.
 *
 * On Debian and Ubuntu: `apt-get install chromium`. Elsewhere set CHROMIUM to the path of a Chromium
 * or Chrome.
 */

import { chromium } from 'playwright-core'
import { findProgram } from './programs'

export const CHROMIUM = findProgram('chromium', process.env.CHROMIUM)

export const launchBrowser = () =>
  chromium.launch({ executablePath: CHROMIUM.path, args: ['--no-sandbox'] })
