/** The one client of this mini program. */

const { createClient } = require('./lib/code2session')
const { createSandboxPhone } = require('./lib/sandbox-phone')
const { baseUrl, sandbox } = require('./config')

/** The sandbox's mini program; WeChat's Referer names the one that the developer tools opened. */
const SANDBOX_APPID = 'wx4f4bc4dec97d474b'

function createSandboxClient() {
  const phone = createSandboxPhone(baseUrl)
  const client = createClient({ baseUrl, wx: phone.wx, appid: SANDBOX_APPID })
  // What the button gave is WeChat's, which the sandbox cannot read.
  const phoneNumber = async () => client.phoneNumber(await phone.getPhoneNumber())
  return { ...client, phoneNumber }
}

module.exports = sandbox ? createSandboxClient() : createClient({ baseUrl })
