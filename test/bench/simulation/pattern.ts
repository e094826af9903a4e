/** What users do in a day: assumptions, which docs/performance.md states. */

export const PATTERN = {
  /** How often a user opens the mini program. */
  openings: 3,
  /** Requests to the backend per opening; the backend introspects the token of each. */
  checksPerOpening: 10,
  /** How long the user stays, in seconds. */
  openingSeconds: 180,
  /** Of how many users one does this in a day. */
  oneIn: {
    /** Has no session in the morning. */
    newUser: 20,
    /** Decrypts open data. */
    decrypt: 10,
    /** Gives a phone number. */
    phoneNumber: 200,
    /** Looks at the list of devices. */
    deviceList: 100,
    /** Logs out after the second opening. */
    logOut: 50,
    /** Causes a pushed event, such as a customer service message. */
    pushedEvent: 20,
  },
  /** How likely an opening is at each hour of the day, relative to the other hours. */
  hours: [1, 0.5, 0.3, 0.2, 0.3, 0.6, 1.5, 3, 4, 4, 4, 5, 6, 5, 4, 4, 4, 5, 6, 7, 8, 8, 6, 3],
  /** The share of openings in each location of Cloudflare; the backend is in the first one. */
  locations: [0.7, 0.2, 0.1],
  isolatesPerLocation: 4,
} as const

/** What comes from the phone, the backend or WeChat, in the order in which it is counted. */
export const REQUESTS = [
  'login, first',
  'login, instead of a live session',
  'introspection',
  'decryption',
  'phone number',
  'device list',
  'log-out',
  'pushed event',
] as const

export type RequestKind = (typeof REQUESTS)[number]
