/** What is assumed: what users do in a day, how long everything takes, and what Cloudflare charges. */

export const PATTERN = {
  /** How often a user opens the mini program. */
  openings: 3,
  /** Requests to the backend per opening; the backend wants to know whose each is. */
  checksPerOpening: 10,
  /** How long the user stays, in seconds. */
  openingSeconds: 180,
  /** Of how many users one does this in a day; a new user has no session in the morning. */
  oneIn: {
    newUser: 20,
    decrypt: 10,
    phoneNumber: 200,
    deviceList: 100,
    logOut: 50,
    pushedEvent: 20,
  },
  /** How likely an opening is at each hour of the day, relative to the other hours. */
  hours: [1, 0.5, 0.3, 0.2, 0.3, 0.6, 1.5, 3, 4, 4, 4, 5, 6, 5, 4, 4, 4, 5, 6, 7, 8, 8, 6, 3],
  /** The share of openings in each location of Cloudflare; the backend is in the first one. */
  locations: [0.7, 0.2, 0.1],
  isolatesPerLocation: 4,
} as const

/**
 * How long each takes, in milliseconds. Cloudflare gives 0.5 to 10 for a read of a key that the location
 * has read lately, and no figure for the others, which go to a central store.
 *
 * @see https://developers.cloudflare.com/workers/platform/storage-options/
 */
export const DELAYS = {
  'KV read, hot': 5,
  'KV read, cold': 80,
  'KV write': 100,
  'KV delete': 100,
  'KV list': 100,
  WeChat: 100,
  hook: 10,
  Queue: 20,
} as const

export type Delay = keyof typeof DELAYS

export const ASSUMED = {
  daysPerMonth: 30,
  /** The peak second has this many times the requests of the average second. */
  peakFactor: 5,
  /** Live sessions per daily user: those who came within the last week have one, too. */
  sessionsPerDailyUser: 3,
  /** Processor time of a request to the Worker, in milliseconds: more than any has been measured to need. */
  workerMilliseconds: 1,
  /** The same on a server of one's own. */
  serverMilliseconds: 0.4,
  /** A core of a rented machine, its share of memory and disk included, in dollars a month. */
  core: 20,
  /** A Queue charges for the write, the read and the delete of a message. */
  queueOperationsPerMessage: 3,
}

/**
 * What Workers Paid includes in a month, and the prices beyond that, in dollars, as published on
 * 2026-11-20.
 *
 * @see https://developers.cloudflare.com/workers/platform/pricing/
 */
export const PAID = {
  plan: 5,
  requests: { included: 10e6, million: 0.3 },
  milliseconds: { included: 30e6, million: 0.02 },
  get: { included: 10e6, million: 0.5 },
  put: { included: 1e6, million: 5 },
  delete: { included: 1e6, million: 5 },
  list: { included: 1e6, million: 5 },
  gigabytes: { included: 1, each: 0.5 },
  queueOperations: { included: 1e6, million: 0.4 },
}
