/** JWT access tokens that somebody else has made, or has changed. */

import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { APPID } from './support/app'
import { INACTIVE, OTHER_KEY, readPart, signTexts, toPart, useJwtApp } from './support/jwt'

const { app, getLogin, issue, fetchKeys, verify, introspect, forge } = useJwtApp()

describe('a forged JWT access token', () => {
  const now = () => app.clock.now

  it.each<[string, () => Promise<string>]>([
    [
      'without a signature and with alg none',
      async () => {
        const [, payload] = (await issue()).accessToken.split('.')
        return `${toPart('{"alg":"none","typ":"at+jwt"}')}.${payload}.`
      },
    ],
    [
      'with an HMAC under the public key',
      async () => {
        const {
          keys: [key],
        } = await fetchKeys()
        const own = await verify((await issue()).accessToken)
        return new SignJWT(own.payload)
          .setProtectedHeader({ ...own.protectedHeader, alg: 'HS256' })
          .sign(new TextEncoder().encode(JSON.stringify(key)))
      },
    ],
    [
      'whose header names another algorithm, with a signature of ours',
      async () => {
        const [header, payload] = (await issue()).accessToken.split('.').slice(0, 2).map(readPart)
        return signTexts(JSON.stringify({ ...header, alg: 'ES384' }), JSON.stringify(payload))
      },
    ],
    ['whose signature has 65 bytes', async () => `${(await issue()).accessToken.slice(0, -2)}AAA`],
    ['of another key', () => forge({}, {}, OTHER_KEY)],
    ['of a kid that is not ours', () => forge({ kid: 'x' })],
    [
      'with a kid that is an array',
      () => forge({ kid: ['9gMy0wg6yIqlMwdPYlL6Rnr8KLCPjrcS2cA2PiAU2yc'] }),
    ],
    ['with typ JWT', () => forge({ typ: 'JWT' })],
    ['without typ', () => forge({ typ: undefined })],
    ['with an extension that is critical', () => forge({ crit: ['x'], x: 1 })],
    [
      'with crit of the wrong type',
      async () => {
        const [header, payload] = (await issue()).accessToken.split('.').slice(0, 2).map(readPart)
        return signTexts(JSON.stringify({ ...header, crit: null }), JSON.stringify(payload))
      },
    ],
    ['of another issuer', () => forge({}, { iss: 'https://login.example' })],
    ['for another mini program', () => forge({}, { aud: 'wx2', client_id: 'wx2' })],
    ['that is over', () => forge({}, { exp: now() })],
    ['with exp as a text', () => forge({}, { exp: String(now() + 60) })],
    ['without exp', () => forge({}, { exp: undefined })],
    ['with characters behind it', async () => `${(await issue()).accessToken}A`],
    ['with a fourth part', async () => `${(await issue()).accessToken}.e30`],
    ['whose header is no JSON', () => signTexts('{', '{}')],
    ['whose header is an array', () => signTexts('[]', '{}')],
    [
      'whose payload is null',
      async () => {
        const [header] = (await issue()).accessToken.split('.')
        return signTexts(JSON.stringify(readPart(header)), 'null')
      },
    ],
  ])('One %s is refused, by jose as well', async (_, make) => {
    const token = await make()
    await expect(verify(token)).rejects.toThrow()
    const { get } = app.kv.counts
    expect(await introspect(token)).toEqual(INACTIVE)
    expect(app.kv.counts.get).toBe(get)
  })

  it.each<[string, () => Promise<string>]>([
    // RFC 9068 allows these spellings. This server has never issued one.
    ['whose typ is spelled differently', () => forge({ typ: 'application/at+jwt' })],
    ['whose typ is in capitals', () => forge({ typ: 'AT+JWT' })],
    ['with several audiences', () => forge({}, { aud: [APPID] })],
    ['whose client is another', () => forge({}, { client_id: 'wx2' })],
    ['with a sub that is no userId', () => forge({}, { sub: `${getLogin().userId}:` })],
    ['with a sid that is no id', () => forge({}, { sid: '../x' })],
    ['with a ctx that is altered', () => forge({}, { ctx: 'AAAA' })],
    ['with another jti', () => forge({}, { jti: 'x' })],
    [
      'with the ctx of another token',
      async () => {
        const { accessToken } = await issue()
        return forge({}, { ctx: readPart(accessToken.split('.')[1]).ctx })
      },
    ],
    [
      'with the sid of another session of the user',
      async () => {
        const other = await issue((await app.login()).token)
        return forge({}, { sid: readPart(other.accessToken.split('.')[1]).sid })
      },
    ],
    [
      'with the other spelling of its last character',
      async () => {
        const { accessToken } = await issue()
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        const last = alphabet.indexOf(accessToken.slice(-1))
        return accessToken.slice(0, -1) + alphabet[last + 1]
      },
    ],
    ['with padding', async () => `${(await issue()).accessToken}==`],
  ])('One %s is refused', async (_, make) => {
    const token = await make()
    expect(await introspect(token)).toEqual(INACTIVE)
  })

  it('What a forged JWT access token is made of is taken, but for the forgery, up to 8 KiB', async () => {
    const { length } = await forge({}, { x: '' })
    const forgeUpTo = (longest: number) =>
      forge({}, { x: 'x'.repeat(Math.floor(((longest - length) * 3) / 4)) })
    expect(await introspect(await forgeUpTo(8192))).toMatchObject({ active: true })
    expect(await introspect(await forgeUpTo(8196))).toEqual(INACTIVE)
  })
})
