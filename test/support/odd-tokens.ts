/** Tokens that no login has given, as a backend may forward them: the answer to `POST /payments`. */

export const ODD_TOKENS: readonly (readonly [
  name: string,
  token: string | null,
  status: number,
  code: string,
])[] = [
  ['an empty token', '', 401, 'session_invalid'],
  ['a space', ' ', 401, 'session_invalid'],
  ['a token with a space', 'a token', 401, 'session_invalid'],
  ['a token of 5,000 characters', 'x'.repeat(5000), 401, 'session_invalid'],
  ['a token of 20,000 characters beyond ASCII', '茶'.repeat(20_000), 401, 'session_invalid'],
  ['half a character', '\ud83c', 401, 'session_invalid'],
  ['a control character', '\u0000', 401, 'session_invalid'],
  ['null', null, 400, 'invalid_request'],
]
