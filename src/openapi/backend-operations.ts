/** The operations that a developer's other services call with a service key. */

import { APPID, OPENID, TOKEN, USER_ID } from './example-values'
import { json, noContent, type Operation, ref, SERVER_API_ERRORS } from './operation'

export const BACKEND_OPERATIONS: readonly Operation[] = [
  {
    id: 'introspect',
    method: 'post',
    path: '/introspect',
    tag: 'Backend',
    caller: 'service',
    summary: 'Introspect a token',
    description: 'Tells whose token this is (RFC 7662).',
    body: {
      type: 'application/x-www-form-urlencoded',
      schema: ref('IntrospectionRequest'),
      example: { token: TOKEN },
    },
    success: json(
      'Introspection',
      {
        active: true,
        sub: USER_ID,
        client_id: APPID,
        openid: OPENID,
        iat: 1795217423,
        exp: 1795822223,
        token_type: 'Bearer',
      },
      'The user of the token; `{"active":false}` for a token without a live session',
    ),
    errors: ['store_unavailable'],
  },
  {
    id: 'sendSubscribeMessage',
    method: 'post',
    path: '/subscribe-messages',
    tag: 'Backend',
    caller: 'service',
    summary: 'Send a subscribe message',
    body: {
      schema: ref('SubscribeMessage'),
      example: { openid: OPENID, templateId: 'abc', data: { thing1: 'Your order' } },
    },
    success: noContent('The message has been sent'),
    errors: [
      'appid_required',
      'appid_unknown',
      'openid_invalid',
      'template_invalid',
      'page_invalid',
      'message_refused',
      'message_banned',
      'message_conflict',
      'message_sensitive',
      'message_data_invalid',
      ...SERVER_API_ERRORS,
    ],
  },
]
