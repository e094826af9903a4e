/** Published and generated examples of WeChat Pay API v3: signatures, callbacks and resources. */

import { describe, expect, it } from 'vitest'
import { parsePrivateKey, parsePublicKey } from '../../src/lib/pem'
import { parsePayConfig } from '../../src/pay/config'
import { openResource } from '../../src/pay/events'
import {
  findSignatureFault,
  signLines,
  toAuthorization,
  toPaymentParameters,
} from '../../src/pay/signature'
import { importPrivate, importPublic, PAY_SETTINGS } from '../support/wechat-pay'
import vectors from '../support/wechat-pay-vectors.json'

const { generated, published } = vectors
const { identity, keys } = generated
const utf8 = (text: string) => new TextEncoder().encode(text)

const platformKeys = async () =>
  new Map([[identity.public_key_id, await importPublic(keys.wechatpay_platform.public_spki_pem)]])
const findFault = async (message: { headers: Record<string, string>; body: string; now: number }) =>
  findSignatureFault(
    { headers: new Headers(message.headers), body: utf8(message.body) },
    await platformKeys(),
    message.now,
  )
const importApiV3Key = (key: string) =>
  crypto.subtle.importKey('raw', utf8(key), 'AES-GCM', false, ['decrypt'])

describe('requests', () => {
  it.each(generated.requests)(
    'a request has the Authorization of the example: $name',
    async (r) => {
      const privateKey = await importPrivate(keys.merchant.private_pkcs8_pem)
      const authorization = await toAuthorization(
        {
          method: r.method,
          pathAndQuery: r.path_with_query,
          timestamp: Number(r.timestamp),
          nonce: r.nonce_str,
          body: r.body,
        },
        { mchid: identity.mchid, serialNo: identity.merchant_serial_no, privateKey },
      )
      // The order of the parameters is free.
      const toParts = (header: string) => header.replace(/^\S+ /, '').split(',').sort()
      expect(toParts(authorization)).toEqual(toParts(r.authorization))
      expect(authorization).toMatch(/^WECHATPAY2-SHA256-RSA2048 mchid="/)
    },
  )

  it('the argument of wx.requestPayment has the paySign of the example', async () => {
    const { appId, timeStamp, nonceStr, prepay_id, paySign } = generated.pay_sign
    const privateKey = await importPrivate(keys.merchant.private_pkcs8_pem)
    const prepay = { appid: appId, prepayId: prepay_id, timestamp: Number(timeStamp) }
    expect(await toPaymentParameters({ ...prepay, nonce: nonceStr }, privateKey)).toEqual({
      timeStamp,
      nonceStr,
      package: `prepay_id=${prepay_id}`,
      signType: 'RSA',
      paySign,
    })
  })
})

describe('the merchant key', () => {
  const { note: _, pkcs1_needs_wrapping: pkcs1, ...forms } = keys.merchant_private_forms

  it.each(Object.entries(forms))(
    'a private key signs alike from every form: %s',
    async (_, pem) => {
      const parsed = await parsePrivateKey(pem)
      if ('fault' in parsed) throw new Error(parsed.fault)
      const { message, paySign } = generated.pay_sign
      const lines = message.split('\n').slice(0, -1)
      expect(await signLines(lines, parsed.key)).toBe(paySign)
    },
  )

  it('a PKCS#1 key is named as such, with the command that converts it', async () => {
    expect(await parsePrivateKey(pkcs1)).toEqual({ fault: expect.stringContaining('PKCS#1') })
  })
})

describe('answers and callbacks', () => {
  const good = [...generated.responses, ...generated.callbacks]
  it.each(good)('a signed message is believed: $name', async (message) => {
    expect(await findFault(message)).toBeNull()
  })

  const reasons: Record<string, string> = {
    'reject: bad signature': 'signature',
    'reject: stale': 'timestamp',
    'reject: unknown serial': 'serial',
    'reject: missing header': 'missing',
  }
  it.each(generated.inbound_negatives)('a message is refused: $name', async (message) => {
    const headers = message.headers as unknown as Record<string, string>
    expect(await findFault({ ...message, headers })).toBe(reasons[message.expect])
  })

  it.each([0, 1, 16, 255, 256, 257, 4096])(
    'a signature of %d bytes is refused, and throws nothing',
    async (length) => {
      const [callback] = generated.callbacks
      if (!callback) throw new Error('no callback')
      const signature = btoa('\x01'.repeat(length))
      const headers = { ...callback.headers, 'Wechatpay-Signature': signature }
      expect(await findFault({ ...callback, headers })).toMatch(/^(signature|missing)$/)
    },
  )
})

describe('resources', () => {
  it.each(generated.resources)(
    'a resource opens: $name',
    async ({ apiv3_key, resource, plaintext }) => {
      expect(await openResource(resource, await importApiV3Key(apiv3_key))).toBe(plaintext)
    },
  )

  it('a resource without associated_data, or with null, opens like one with an empty text', async () => {
    const [, , empty] = generated.resources
    if (!empty) throw new Error('no resource')
    const key = await importApiV3Key(empty.apiv3_key)
    const { associated_data: _, ...without } = empty.resource
    for (const resource of [without, { ...without, associated_data: null }]) {
      expect(await openResource(resource, key)).toBe(empty.plaintext)
    }
  })

  const isWholeKey = ({ apiv3_key = '' }: { apiv3_key?: string }) => apiv3_key.length === 32

  // Published resources under half a key open with AES-128, which WeChat Pay does not use.
  const gcm = [...generated.resource_negatives, ...published.filter(({ kind }) => kind === 'gcm')]
  it.each(gcm.filter((entry) => !isWholeKey(entry)))(
    'a resource is refused at its key, which must have 32 bytes: $name',
    async ({ apiv3_key }) => {
      await expect(
        parsePayConfig({ ...PAY_SETTINGS, WECHAT_PAY_API_V3_KEY: apiv3_key }),
      ).rejects.toMatchObject({
        code: 'misconfigured',
        options: { log: { settings: ['WECHAT_PAY_API_V3_KEY must have 32 bytes'] } },
      })
    },
  )

  it.each(generated.resource_negatives.filter(isWholeKey))(
    'a resource does not open: $name',
    async ({ apiv3_key, resource }) => {
      expect(await openResource(resource, await importApiV3Key(apiv3_key))).toBeNull()
    },
  )
})

describe('published examples', () => {
  it('WeChat Pay’s published examples are 12: 7 signatures, 4 resources and a probe', () => {
    const kinds = published.map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'rsa-verify')).toHaveLength(7)
    expect(kinds.filter((kind) => kind === 'gcm')).toHaveLength(4)
    expect(kinds).toHaveLength(12)
  })

  const signed = published.filter(({ kind }) => kind === 'rsa-verify')
  it.each(signed)('a published signature fits its key and no other text: $name', async (entry) => {
    const parsed = await parsePublicKey(entry.public_key_pem ?? '')
    if ('fault' in parsed) throw new Error(parsed.fault)
    const verify = (text: string) =>
      crypto.subtle.verify(
        'RSASSA-PKCS1-v1_5',
        parsed.key,
        Uint8Array.from(atob(entry.signature ?? ''), (c) => c.charCodeAt(0)),
        utf8(text),
      )
    expect(await verify(entry.message ?? '')).toBe(true)
    expect(await verify(`${entry.message}\n`)).toBe(false)
  })

  const inbound = signed.filter(({ message }) => /^\d+\n/.test(message ?? ''))
  it.each(inbound)('a published answer or callback is believed: $name', async (entry) => {
    const [timestamp = '', nonce = ''] = (entry.message ?? '').split('\n')
    const body = (entry.message ?? '').slice(timestamp.length + nonce.length + 2, -1)
    const parsed = await parsePublicKey(entry.public_key_pem ?? '')
    if ('fault' in parsed) throw new Error(parsed.fault)
    const headers = new Headers({
      'Wechatpay-Timestamp': timestamp,
      'Wechatpay-Nonce': nonce,
      'Wechatpay-Serial': 'A',
      'Wechatpay-Signature': entry.signature ?? '',
    })
    const message = { headers, body: utf8(body) }
    const find = (now: number) => findSignatureFault(message, new Map([['A', parsed.key]]), now)
    expect(await find(Number(timestamp) + 300)).toBeNull()
    expect(await find(Number(timestamp) - 300)).toBeNull()
    expect(await find(Number(timestamp) + 301)).toBe('timestamp')
    expect(await find(Number(timestamp) - 301)).toBe('timestamp')
  })

  it.each(published.filter((entry) => entry.kind === 'gcm' && entry.apiv3_key?.length === 32))(
    'a published resource opens: $name',
    async ({ apiv3_key = '', nonce, associated_data, ciphertext, plaintext }) => {
      const resource = { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data, ciphertext }
      expect(await openResource(resource, await importApiV3Key(apiv3_key))).toBe(plaintext)
    },
  )

  it('the published probe signature, which is valid base64, is refused', async () => {
    const probe = published.find(({ kind }) => kind === 'must-refuse')
    const [callback] = generated.callbacks
    if (!probe?.signature || !callback) throw new Error('no probe')
    const headers = { ...callback.headers, 'Wechatpay-Signature': probe.signature }
    expect(await findFault({ ...callback, headers })).toBe('signature')
  })
})
