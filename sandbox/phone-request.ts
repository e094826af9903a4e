/** What the requests to the phone have in common: whose phone it is, and the body. */

import type { Context } from 'hono'
import { readObject } from './responses'
import type { SandboxUser, Users } from './users'

export type Fields = Record<string, unknown>
export type FindUser = (fields: Fields) => Promise<SandboxUser>

/** The body as an object. It is optional, so anything but a JSON object counts as an empty one. */
export async function readFields(c: Context): Promise<Fields> {
  return (await readObject(c)) ?? {}
}

/** Finds the user that a body names: `alice` of the first mini program by default. */
export function createUserFinder({
  apps,
  users,
}: {
  readonly apps: Readonly<Record<string, string>>
  readonly users: Users
}): FindUser {
  return ({ user, appid, unionid }) => {
    const name = typeof user === 'string' ? user : 'alice'
    const inApp = typeof appid === 'string' ? appid : (Object.keys(apps)[0] ?? '')
    return users.get(inApp, name, typeof unionid === 'boolean' ? { unionid } : {})
  }
}
