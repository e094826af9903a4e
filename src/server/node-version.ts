/** The Node that the servers need. It imports nothing, so that an older one can run it. */

/** Node 20 loses digits of a MsgId, and lacks what the store is made of. */
const OLDEST = 24

/** Whether this Node is new enough. If not, it says so, and the process ends with 1. */
export function hasNode(): boolean {
  const { node } = process.versions
  if (Number(node.split('.')[0]) >= OLDEST) return true
  console.error(`code2session cannot start: it needs Node ${OLDEST} or later, and this is ${node}`)
  process.exitCode = 1
  return false
}
