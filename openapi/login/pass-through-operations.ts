/** The pass-through to WeChat's server API: any method; the two that WeChat uses are described. */

import { APPID } from '../example-values'
import { ANYTHING, type Operation, parameter, ref } from '../operation'

const DESCRIPTION =
  'The same request goes to WeChat with an access_token put in. Of the headers only `Content-Type` and `Accept` go on; of the query everything but `appid`. `path` may contain slashes. Paths that give out credentials, use up quotas or bypass the sessions are refused.'

const COMMON = {
  path: '/wechat/api/{path}',
  tag: 'Backend',
  caller: 'service',
  rpc: 'wechat',
  description: DESCRIPTION,
  calls: ['access_token'],
  errors: [
    'invalid_request',
    'wechat_path_refused',
    'appid_required',
    'appid_unknown',
    'hook_unavailable',
  ],
} as const

const APP = parameter('appid', 'query', 'The mini program, where there are several.', APPID)

function pathParameter(example: string) {
  return parameter('path', 'path', "The path of WeChat's API.", example)
}

/** WeChat's response is handed back as it is. */
function response(example: unknown): Operation['success'] {
  const description =
    "WeChat's response with its status, `Content-Type` and body; a failure at WeChat is a 200 with an `errcode`"
  return {
    200: { description, content: { [ANYTHING]: { schema: ref('WeChatResponse'), example } } },
  }
}

export const PASS_THROUGH_OPERATIONS: readonly Operation[] = [
  {
    ...COMMON,
    id: 'getFromWeChat',
    method: 'get',
    summary: "Call WeChat's server API with GET",
    parameters: [pathParameter('cgi-bin/getcallbackip'), APP],
    success: response({ ip_list: ['203.0.113.1', '203.0.113.2'] }),
  },
  {
    ...COMMON,
    id: 'postToWeChat',
    method: 'post',
    summary: "Call WeChat's server API with POST",
    parameters: [pathParameter('wxa/generate_urllink'), APP],
    body: {
      type: ANYTHING,
      schema: ref('WeChatRequest'),
      example: { path: '/pages/index/index', query: 'from=mail' },
    },
    success: response({ errcode: 0, errmsg: 'ok', url_link: 'https://wxaurl.cn/BfzCqlVvzrd' }),
  },
]
