/** The plan of a day: what each user does and when, in the order of time. */

import type { Random } from '../random'
import { PATTERN } from './pattern'

export type Action =
  | 'open'
  | 'open with a stale session_key'
  | 'call the backend'
  | 'decrypt'
  | 'give the phone number'
  | 'list devices'
  | 'log out'
  | 'cause an event'

export interface PlannedAction {
  /** Milliseconds since midnight. */
  readonly at: number
  readonly user: number
  readonly action: Action
  /** An index of `PATTERN.locations`: where the phone is. */
  readonly location: number
}

const { openings, checksPerOpening, openingSeconds, oneIn, hours, locations } = PATTERN

/** Whether a user with this number has the session of yesterday. */
export const isNewUser = (user: number) => isOneIn(user, oneIn.newUser)

/** Plans the day of so many users. Only times and locations are random. */
export function planDay(users: number, random: Random): PlannedAction[] {
  const actions = Array.from({ length: users }, (_, user) => planUser(user, random))
  return actions.flat().sort((a, b) => a.at - b.at)
}

function planUser(user: number, random: Random): PlannedAction[] {
  const starts = Array.from({ length: openings }, () => toTime(random)).sort((a, b) => a - b)
  const stale = random.below(openings)
  return starts.flatMap((start, opening) => {
    const location = random.weighted(locations)
    const toAction = (action: Action, seconds: number) => ({
      at: start + Math.floor(seconds * 1000),
      user,
      action,
      location,
    })
    const calls = Array.from({ length: checksPerOpening }, () =>
      toAction('call the backend', 1 + random.next() * (openingSeconds - 2)),
    )
    const isStale = opening === stale && !isNewUser(user)
    const others = listOthers(user, opening)
    return [
      toAction(isStale ? 'open with a stale session_key' : 'open', 0),
      ...calls,
      ...others.map((action, index) => toAction(action, openingSeconds + index)),
    ]
  })
}

/** The first opening has most of what is rare, and the second one has the log-out. */
function listOthers(user: number, opening: number): Action[] {
  const rare: [Action, number, number][] = [
    ['decrypt', oneIn.decrypt, 0],
    ['give the phone number', oneIn.phoneNumber, 0],
    ['list devices', oneIn.deviceList, 0],
    ['cause an event', oneIn.pushedEvent, 0],
    ['log out', oneIn.logOut, 1],
  ]
  return rare
    .filter(([, count, when]) => when === opening && isOneIn(user, count))
    .map(([action]) => action)
}

/** A time of the day, in milliseconds since midnight. */
function toTime(random: Random): number {
  return Math.floor((random.weighted(hours) + random.next()) * 3600 * 1000)
}

/** Exact shares keep a small population from deciding how rare something is. */
function isOneIn(user: number, count: number): boolean {
  return user % count === 0
}
