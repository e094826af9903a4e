/** What every button does: show that the page is busy, run, and show a failure. */

const client = require('../client')
const { explain } = require('./explain')

/**
 * @typedef {object} BusyPage A page with `busy` and `failure` in its data
 * @property {{ failure: import('./explain').Failure | null }} data
 * @property {(data: object) => void} setData
 * @property {number} [running] How many attempts are running
 * @property {() => Promise<unknown>} [failed] The attempt that failed last
 */

/**
 * @param {BusyPage} page
 * @param {() => Promise<unknown>} run
 */
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

/**
 * What the button below a failure does.
 *
 * @param {BusyPage} page
 */
function tryAgain(page) {
  const { failed } = page
  const { next } = page.data.failure
  return attempt(page, async () => {
    if (next === 'login') await client.login()
    await failed()
  })
}

module.exports = { attempt, tryAgain }
