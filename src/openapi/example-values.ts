/** The values in the examples: one user of one mini program, throughout. */

export const TOKEN =
  'JM9Se8pnKm9VPx5qK8K1d3dfTPdlNm7EW_mEUuPvseg.We8MlbyfPMnz4b_M6rnu95TmljdzsElgbNnywUfSMKo'
export const USER_ID = TOKEN.slice(0, 43)
export const SESSION_ID = 'alUfP__GFK_11hVUzvbmX5MfnsR23PPgYBp8km6d4zQ'
export const APPID = 'wx4f4bc4dec97d474b'
export const OPENID = 'orw-ifkRSf9Pp1ZgjPvSk91ji93-'
export const CREATED_AT = '2026-11-20T23:30:23.000Z'
export const EXPIRES_AT = '2026-11-27T23:30:23.000Z'
