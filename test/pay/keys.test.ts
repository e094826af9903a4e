/** The keys in the settings of the payments Worker: their spellings, and what is said of a wrong one. */

import { describe, expect, it, vi } from 'vitest'
import { parsePayConfig } from '../../src/pay/config'
import { createPayApp } from '../support/pay-app'
import { findFaults } from '../support/pay-faults'
import {
  API_V3_KEY,
  importPrivate,
  MERCHANT,
  PAY_SETTINGS,
  PLATFORM,
  PUBLIC_KEY_ID,
} from '../support/wechat-pay'
import vectors from '../support/wechat-pay-vectors.json'

const CERTIFICATE = vectors.published.find(({ plaintext }) =>
  plaintext?.includes('BEGIN CERTIFICATE'),
)?.plaintext
const { private_pkcs8_pem: PRIVATE, private_pkcs1_pem: PKCS1 } = MERCHANT
const PUBLIC = PLATFORM.public_spki_pem

/** What `openssl pkcs12 -nodes` writes in front of each block. */
const BAG = `Bag Attributes
    localKeyID: 54 69 6D 65 20 31 36
    friendlyName: Tenpay Certificate
subject=CN = 1900007291, O = a-shop, C = CN
`

const bare = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')
const lines = (pem: string) => pem.trim().split('\n')
const FORMS = {
  'line feeds': (pem: string) => pem,
  CRLF: (pem: string) => pem.replaceAll('\n', '\r\n'),
  'a literal \\n': (pem: string) => pem.replaceAll('\n', '\\n'),
  'a literal \\r\\n': (pem: string) => pem.replaceAll('\n', '\\r\\n'),
  'bare base64': bare,
  'base64 in lines without armour': (pem: string) => lines(pem).slice(1, -1).join('\n'),
  'bare base64 in quotes': (pem: string) => `"${bare(pem)}"`,
  'base64 without its first line': (pem: string) => lines(pem).slice(1).join('\n'),
  'a PEM without its last line': (pem: string) => lines(pem).slice(0, -1).join('\n'),
  'a PEM on one line': (pem: string) => pem.replaceAll('\n', ' '),
  'a \\n that is escaped twice': (pem: string) => pem.replaceAll('\n', '\\\\n'),
  'double quotes': (pem: string) => `"${pem.replaceAll('\n', '\\n')}"`,
  'single quotes': (pem: string) => `'${pem}'`,
  'a BOM': (pem: string) => `\ufeff${pem}`,
  'spaces in front of each line': (pem: string) => pem.replaceAll('\n', '\n  '),
  'text in front': (pem: string) => `apiclient_key.pem:\n${pem}`,
  'Bag Attributes': (pem: string) => `${BAG}Key Attributes: <No Attributes>\n${pem}`,
  'a certificate behind it': (pem: string) => `${pem}${CERTIFICATE}`,
  'a certificate in front': (pem: string) => `${BAG}${CERTIFICATE}\n${BAG}${pem}`,
  'itself once more': (pem: string) => `${pem}\n${pem}`,
}

const ENCRYPTION = '\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0123456789ABCDEF\n\n'

/** A pair of keys, in base64. */
async function generateKeys(modulusLength: number) {
  const algorithm = {
    ...{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength },
    publicExponent: new Uint8Array([1, 0, 1]),
  }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { privateKey, publicKey } = pair as CryptoKeyPair
  return {
    privatePem: await toBase64('pkcs8', privateKey),
    publicPem: await toBase64('spki', publicKey),
  }
}

const toBase64 = async (format: 'pkcs8' | 'spki', key: CryptoKey) =>
  new Uint8Array((await crypto.subtle.exportKey(format, key)) as ArrayBuffer).toBase64()

describe('keys', () => {
  it.each(Object.entries(FORMS))('keys are accepted with %s', async (_, toForm) => {
    const settings = {
      WECHAT_PAY_PRIVATE_KEY: toForm(PRIVATE),
      WECHAT_PAY_PUBLIC_KEY: toForm(PUBLIC),
      WECHAT_PAY_EXTRA_KEYS: JSON.stringify({ '5DEA10EF': toForm(PUBLIC) }),
    }
    expect(await findFaults(settings)).toEqual([])
  })

  it.each([
    ['PKCS#1', PKCS1, 'is PKCS#1; convert it: openssl pkcs8 -topk8 -nocrypt'],
    ['bare PKCS#1', bare(PKCS1), 'is PKCS#1; convert it: openssl pkcs8 -topk8 -nocrypt'],
    ['a certificate', CERTIFICATE, 'is a certificate or a public key, not a private key'],
    ['a bare certificate', bare(CERTIFICATE ?? ''), 'is a certificate or a public key'],
    ['a public key', PUBLIC, 'is a certificate or a public key, not a private key'],
    ['an encrypted key', PRIVATE.replaceAll(' PRIVATE', ' ENCRYPTED PRIVATE'), 'is encrypted'],
    ['an encrypted PKCS#1', PKCS1.replace(/(?<=-)\n/, ENCRYPTION), 'is encrypted'],
    ['base64 of a PEM', btoa(PRIVATE), 'is base64 of a PEM; set the PEM itself'],
    ['base64 of a PEM with text in front', btoa(`${BAG}${PRIVATE}`), 'is base64 of a PEM'],
    ['two keys in one block', bare(PRIVATE).repeat(2), 'is not a key in PEM or base64'],
    ['base64 of another text', btoa('hello world'), 'is not a key in PEM or base64'],
    ['a hex text', '3082'.repeat(20), 'is not a key in PEM or base64'],
    ['a cut-off PEM', PRIVATE.slice(0, 800), 'is cut off'],
    ['a PEM cut at a line', lines(PRIVATE).slice(0, 9).join('\n'), 'is cut off'],
    ['the first line alone', lines(PRIVATE)[0], 'has nothing between its BEGIN and END lines'],
    ['a bare one cut inside a group', bare(PRIVATE).slice(0, 801), 'is cut off'],
    ['another text', 'hello world!', 'is not a key in PEM or base64'],
    ['nothing', '', 'is missing'],
    ['no text', 7, 'must be a string'],
  ])('a private key that is %s is named', async (_, value, fault) => {
    const faults = await findFaults({ WECHAT_PAY_PRIVATE_KEY: value })
    expect(faults).toEqual([expect.stringContaining(`WECHAT_PAY_PRIVATE_KEY ${fault}`)])
  })

  it.each([
    ['a certificate', CERTIFICATE, 'is a certificate; take its key: openssl x509 -pubkey -noout'],
    ['a bare certificate', bare(CERTIFICATE ?? ''), 'is a certificate; take its key'],
    ['a private key', PRIVATE, 'is not a public key (SubjectPublicKeyInfo)'],
    ['a PKCS#1 private key', PKCS1, 'is not a public key (SubjectPublicKeyInfo)'],
    ['cut off', PUBLIC.slice(0, 300), 'is cut off'],
    ['base64 of a PEM', btoa(PUBLIC), 'is base64 of a PEM; set the PEM itself'],
    ['the first line alone', lines(PUBLIC)[0], 'has nothing between its BEGIN and END lines'],
  ])('a public key that is %s is named', async (_, value, fault) => {
    const faults = await findFaults({ WECHAT_PAY_PUBLIC_KEY: value })
    expect(faults).toEqual([expect.stringContaining(`WECHAT_PAY_PUBLIC_KEY ${fault}`)])
    const extra = await findFaults({ WECHAT_PAY_EXTRA_KEYS: JSON.stringify({ AB12: value }) })
    expect(extra).toEqual([expect.stringContaining(`WECHAT_PAY_EXTRA_KEYS ${fault}`)])
  })

  it('a key of another kind than RSA is named', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const { privateKey, publicKey } = pair as CryptoKeyPair
    expect(
      await findFaults({
        WECHAT_PAY_PRIVATE_KEY: await toBase64('pkcs8', privateKey),
        WECHAT_PAY_PUBLIC_KEY: await toBase64('spki', publicKey),
      }),
    ).toEqual([
      'WECHAT_PAY_PRIVATE_KEY is not an RSA key that can be imported',
      'WECHAT_PAY_PUBLIC_KEY is not an RSA key that can be imported',
    ])
  })

  it.each([
    ['31 bytes', API_V3_KEY.slice(1), false],
    ['33 bytes', `${API_V3_KEY}x`, false],
    ['32 characters that are more bytes', `é${API_V3_KEY.slice(1)}`, false],
    ['32 bytes and a line feed', `${API_V3_KEY}\n`, true],
  ])('WECHAT_PAY_API_V3_KEY must have 32 bytes: %s', async (_, value, isGood) => {
    const faults = isGood ? [] : ['WECHAT_PAY_API_V3_KEY must have 32 bytes']
    expect(await findFaults({ WECHAT_PAY_API_V3_KEY: value })).toEqual(faults)
  })

  it.each(['0'.repeat(32), '茶'.repeat(8) + 'ab'.repeat(4), `${'a'.repeat(31)}b`])(
    'WECHAT_PAY_API_V3_KEY must not be one character: %s',
    async (value) => {
      const isOne = value.startsWith('0')
      const faults = isOne ? ['WECHAT_PAY_API_V3_KEY must not be one character, repeated'] : []
      expect(await findFaults({ WECHAT_PAY_API_V3_KEY: value })).toEqual(faults)
    },
  )

  it.each([
    [1024, false],
    [1920, false],
    [2048, true],
    [3072, true],
  ])('RSA keys of %i bits are named, or long enough', async (modulusLength, isGood) => {
    const { privatePem, publicPem } = await generateKeys(modulusLength)
    const fault = (name: string) =>
      isGood ? [] : [`${name} is an RSA key of ${modulusLength} bits; it must have at least 2048`]
    expect(
      await findFaults({
        WECHAT_PAY_PRIVATE_KEY: privatePem,
        WECHAT_PAY_PUBLIC_KEY: publicPem,
        WECHAT_PAY_EXTRA_KEYS: JSON.stringify({ AB12: publicPem }),
      }),
    ).toEqual(
      ['WECHAT_PAY_PRIVATE_KEY', 'WECHAT_PAY_PUBLIC_KEY', 'WECHAT_PAY_EXTRA_KEYS'].flatMap(fault),
    )
  })

  it.each(['[]', '{"A":7}', '{"A":""}', 'null', 'no JSON'])(
    'WECHAT_PAY_EXTRA_KEYS that is no object of keys is named: %s',
    async (value) => {
      expect(await findFaults({ WECHAT_PAY_EXTRA_KEYS: value })).toEqual([
        'WECHAT_PAY_EXTRA_KEYS must be a JSON object of serials, each with its public key',
      ])
    },
  )

  it('an answer under a serial of WECHAT_PAY_EXTRA_KEYS is believed, and only under its key', async () => {
    const serial = '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC'
    const keys = JSON.stringify({ [serial]: MERCHANT.public_spki_pem })
    const app = createPayApp({ settings: { WECHAT_PAY_EXTRA_KEYS: keys } })
    const body = { appid: 'wx1', openid: 'o1', outTradeNo: 'A00001', description: 'a', total: 1 }
    const responses = [
      { serial, key: PRIVATE, status: 200 },
      { serial, key: PLATFORM.private_pkcs8_pem, status: 502 },
      { serial: PUBLIC_KEY_ID, key: PRIVATE, status: 502 },
      { serial: PUBLIC_KEY_ID, key: PLATFORM.private_pkcs8_pem, status: 200 },
    ]
    for (const { status, serial, key } of responses) {
      const forgery = { serial, privateKey: await importPrivate(key) }
      app.pay.next((response) => ({ ...response, forgery }))
      expect((await app.send('POST', '/payments', body)).status).toBe(status)
    }
    expect(app.pay.violations).toEqual([])
  })

  it('a request waits for no keys that another one imports', async () => {
    const { send } = createPayApp()
    const importKey = vi.spyOn(crypto.subtle, 'importKey')
    importKey.mockReturnValueOnce(new Promise(() => {}))
    void send('GET', '/payments/A00001')
    expect((await send('GET', '/payments/A00001')).status).toBe(404)
    importKey.mockRestore()
  })

  it('the keys of a configuration cannot be exported', async () => {
    const { privateKey, apiV3Key } = await parsePayConfig(PAY_SETTINGS)
    expect([privateKey.extractable, apiV3Key.extractable]).toEqual([false, false])
  })
})
