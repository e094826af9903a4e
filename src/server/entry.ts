/** How a server starts. This imports nothing that an older Node lacks, so that one can run it. */

import { fail, StartFault } from './fault'

/** Node 20 loses digits of a MsgId, and lacks what the store is made of. */
const OLDEST = 24

/** Loads a server if this Node is new enough, and starts it. */
export async function run(load: () => Promise<{ start: () => Promise<void> }>): Promise<void> {
  const { node } = process.versions
  if (Number(node.split('.')[0]) < OLDEST) {
    fail(new StartFault(`it needs Node ${OLDEST} or later, and this is ${node}`))
  }
  const { start } = await load()
  await start().catch(fail)
}
