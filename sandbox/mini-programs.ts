/** The mini programs of the sandbox that its settings do not have: the hook `findMiniProgram` knows them. */

export const MINI_PROGRAMS = {
  wx5823bf96d3bd56c7: {
    appsecret: 'the-second-appsecret-is-public',
    push: { token: 'BBBBB', aesKey: 'B'.repeat(43) },
  },
  wxba5fad812f8e6fb9: {
    appsecret: 'the-third-appsecret-is-public',
    push: { token: 'CCCCC', aesKey: 'C'.repeat(43) },
  },
} as const

export type FoundAppid = keyof typeof MINI_PROGRAMS

export function isFoundAppid(appid: string): appid is FoundAppid {
  return Object.hasOwn(MINI_PROGRAMS, appid)
}
