/** The one client of this mini program. */

const { createClient } = require('./lib/code2session')
const { createSandboxPhone } = require('./lib/sandbox-phone')
const { baseUrl, sandbox } = require('./config')

function createSandboxClient() {
  const phone = createSandboxPhone(baseUrl)
  const client = createClient({ baseUrl, wx: phone.wx })
  // What the button gave is WeChat's, which the sandbox cannot read.
  const phoneNumber = async () => client.phoneNumber(await phone.getPhoneNumber())
  return { ...client, phoneNumber }
}

module.exports = sandbox ? createSandboxClient() : createClient({ baseUrl })
