/** The values in the examples: one user of one mini program, throughout. */

export const TOKEN =
  'JM9Se8pnKm9VPx5qK8K1d3dfTPdlNm7EW_mEUuPvseg.B_aUhkjKn4e_XUKctmuCJB9r733yv5As7miFl9QWJx9Zi9VuI4Dkjl99m51vz8-B'
export const USER_ID = TOKEN.slice(0, 43)
/** The first 16 bytes of the token's secret. */
export const SESSION_ID = 'B_aUhkjKn4e_XUKctmuCJA'
export const APPID = 'wx4f4bc4dec97d474b'
export const OPENID = 'orw-ifkRSf9Pp1ZgjPvSk91ji93-'
export const CREATED_AT = '2026-11-20T23:30:23.000Z'
export const EXPIRES_AT = '2026-11-27T23:30:23.000Z'
