/** What every button does: be busy, run, and show a failure with the way out of it. */

const client = require('../client')
const { explain } = require('./explain')

async function attempt(page, run) {
  page.running = (page.running || 0) + 1
  page.setData({ busy: true, failure: null })
  try {
    await run()
  } catch (error) {
    page.failed = run
    page.setData({ failure: explain(error) })
  }
  page.running -= 1
  page.setData({ busy: page.running > 0 })
}

/** The button below a failure. */
function tryAgain(page) {
  const { failed } = page
  const { next } = page.data.failure
  return attempt(page, async () => {
    if (next === 'login') await client.login()
    await failed()
  })
}

module.exports = { attempt, tryAgain }
