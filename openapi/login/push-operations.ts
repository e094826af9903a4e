/** The push URL, which WeChat calls. */

import type { ErrorCode } from '../../src/core/errors'
import { APPID } from '../example-values'
import { type Operation, parameter, plainText, ref } from '../operation'

/** The examples of WeChat's documentation; its Token is AAAAA. */
const URL_CHECK = signed({
  signature: 'f464b24fc39322e44b38aa78f5edd27bd1441696',
  timestamp: '1714036504',
  nonce: '1514711492',
})
const EVENT = signed({
  signature: '6c5c811b55cc85e0e1b54100749188c20beb3f5d',
  timestamp: '1714112445',
  nonce: '415670741',
})
const ECHOSTR = '4375120948345356249'
const MSG_SIGNATURE = '046e02f8204d34f8ba5fa3b1db94908f3df2e9b3'
const ENCRYPT =
  '+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04='

function signed(values: { signature: string; timestamp: string; nonce: string }) {
  return [
    parameter('signature', 'query', 'SHA-1 of Token, `timestamp` and `nonce`.', values.signature),
    parameter('timestamp', 'query', 'Unix seconds.', values.timestamp),
    parameter('nonce', 'query', 'A random number.', values.nonce),
  ]
}

function pushOperations(path: string, suffix: string): Operation[] {
  const inPath = suffix ? [parameter('appid', 'path', 'The mini program.', APPID)] : []
  const ofPath: readonly ErrorCode[] = suffix
    ? ['appid_unknown', 'hook_unavailable', 'rate_limited']
    : ['appid_required']
  const errors: readonly ErrorCode[] = ['not_found', ...ofPath, 'event_refused']
  const common = { path, tag: 'WeChat', caller: 'anyone' } as const
  return [
    {
      ...common,
      id: `checkUrl${suffix}`,
      method: 'get',
      summary: 'Check the push URL',
      description: 'WeChat calls this once, when you enter the URL in its console.',
      parameters: [
        ...inPath,
        ...URL_CHECK,
        parameter('echostr', 'query', 'The text to send back.', ECHOSTR),
      ],
      success: plainText('The value of `echostr`', ECHOSTR),
      errors,
    },
    {
      ...common,
      id: `receiveEvent${suffix}`,
      method: 'post',
      summary: 'Receive an event',
      description:
        'If the event says that a user has withdrawn an authorization or closed the account, all sessions of the user end. The message goes to the Queue and to the hook `onEvent`. What neither answers gets `success`, except that a message to customer service goes on to the desk, and that a purchase of virtual goods is confirmed only if the Queue has it. The body is JSON; its `Content-Type` does not matter.',
      parameters: [
        ...inPath,
        ...EVENT,
        parameter(
          'msg_signature',
          'query',
          'In safe mode, SHA-1 of Token, `timestamp`, `nonce` and `Encrypt`.',
          MSG_SIGNATURE,
        ),
      ],
      body: {
        schema: ref('Push'),
        example: { ToUserName: 'gh_97417a04a28d', Encrypt: ENCRYPT },
      },
      success: plainText(
        'The response that WeChat wants: `success`, or as JSON a reply, which safe mode encrypts',
        'success',
      ),
      errors: [...errors, 'store_unavailable', 'hook_unavailable'],
    },
  ]
}

/** With several mini programs, the path names the appid. */
export const PUSH_OPERATIONS = [
  ...pushOperations('/wechat/events', ''),
  ...pushOperations('/wechat/events/{appid}', 'OfApp'),
]
