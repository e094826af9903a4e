/** The page of `npm run dev`, in headless Chromium. */

import './watch/steps'
import './watch/payments'
import './watch/layout'
