/** The client that all pages share. */

const { createClient } = require('./lib/code2session')
const { createSandboxPhone } = require('./lib/sandbox-phone')
const { baseUrl, sandbox, shop } = require('./config')

/** The AppID of the sandbox, which differs from the one that the developer tools opened. */
const SANDBOX_APPID = 'wx4f4bc4dec97d474b'

function createSandboxClient() {
  const phone = createSandboxPhone(baseUrl)
  const client = createClient({ baseUrl, wx: phone.wx, appid: SANDBOX_APPID })
  // The sandbox cannot decrypt what WeChat's own button gave, so it gets its own e.detail.
  const phoneNumber = async () => client.phoneNumber(await phone.getPhoneNumber())
  return { ...client, phoneNumber }
}

module.exports = sandbox
  ? createSandboxClient()
  : createClient({ baseUrl, hosts: shop ? [shop] : [] })
