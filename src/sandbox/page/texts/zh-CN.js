/** 页面的简体中文文本，成员与 en.js 相同。 */

export const zhCN = {
  language: 'zh-CN',
  page: {
    title: 'code2session 演示页面',
    intro:
      '每个按钮对应手机上的一个操作。时序图实时展示手机、Worker 以及代替微信的沙箱之间的每一次请求。',
    colours: '颜色说明',
    serverOnly: '只留在服务端',
    token: '手机的 token',
    error: '错误',
    steps: '手机上的操作',
    diagram: '最近一次操作的请求',
    result: '结果',
    empty: '还没有请求。',
    earlier: '之前的操作',
    state: '各方持有的数据',
  },
  panels: { phone: '手机端', server: '仅在服务端', kv: 'KV 中（已加密）' },
  allSteps: '全部按钮',
  parties: { phone: '小程序', worker: 'Worker', wechat: '微信' },
  arrow: (from, to) => `${from}到${to}：`,
  characters: (count) => `${count} 个字符`,
  textField: '文本',

  start: '请从 wx.login 开始。',
  running: '进行中…',
  next: '下一步：',
  needsLogin: '需先登录',
  sentences: (list) => list.join(''),
  noResponse: '没有响应。npm run dev 还在运行吗？',

  nothing: '暂无。',
  onlyAppSecret: '目前只有 AppSecret。',
  noLeaks: (responses) => `手机收到的 ${responses} 个响应中，均不含以上任何一项。`,
  leaks: (count) => `其中 ${count} 项泄露到了手机端！`,
  bytes: (count) => `${count} 字节`,
  created: (time) => `创建于 ${time}`,
  expires: (time) => `有效期至 ${time}`,
  expired: '已过期，尚未清除',
  more: (count) => `另有 ${count} 条`,
  clock: 'Worker 与微信的时钟：',
  ahead: (duration) => `，比真实时间快 ${duration}`,
  units: { day: ' 天', hour: ' 小时', minute: ' 分', second: ' 秒' },
  clockSet: (duration, time) => `时钟快进 ${duration}，到 ${time}`,

  groups: { session: '会话', openData: '开放数据', failures: '异常情况' },
  steps: {
    login: {
      name: 'wx.login',
      hint: '用 code 换取 token',
      done: '手机只拿到一个 token。openid 和 session_key 由微信返回给 Worker，没有下发到手机端。',
    },
    session: {
      name: '检查登录状态',
      hint: '读取一次 KV',
      done: 'Worker 用 token 解密了 KV 中的记录。userId 是哈希值，不是 openid，可以下发到手机端。',
    },
    twice: {
      name: '同时登录两次',
      hint: '一个 code，两个请求',
      slow: '800 毫秒后才响应',
      done: '两个请求只换取了一次，只产生了一个会话：两个响应中的 token 相同。',
      apart: '两个请求没有重叠，各自产生了一个会话。',
    },
    second: {
      name: '在另一部手机上登录',
      hint: '同一用户，新的会话',
      done: '另一部手机有了自己的会话，本机的会话不受影响。点“登录设备”可以看到这两个会话。',
    },
    devices: {
      name: '登录设备',
      hint: '该用户的所有会话',
      done: (count) =>
        `该用户共有 ${count} 个会话，其中标有 current 的是发出本次请求的会话。每个会话都可以按 id 单独结束。`,
    },
    logout: {
      name: '退出登录',
      hint: '结束当前会话',
      done: 'Worker 删除了 KV 中的记录，手机也清除了 token。',
    },
    logoutAll: {
      name: '在所有设备上退出',
      hint: '结束该用户的所有会话',
      done: 'Worker 按键前缀列出该用户的记录，并全部删除。',
    },
    userInfo: {
      name: '获取用户信息',
      hint: '验签并解密',
      done: '签名和数据都与该会话的 session_key 相符。Worker 校验了 openId 和 watermark，响应中不再包含它们。',
    },
    phoneNumber: {
      name: '获取手机号',
      hint: '手机号按钮',
      done: 'Worker 用 access_token 向微信换取手机号，access_token 加密保存在 KV 中。这里的 code 与 wx.login 的 code 不能混用。',
    },
    weRun: {
      name: '微信运动步数',
      hint: '31 天的加密数据',
      done: 'Worker 用 KV 中的 session_key 解密，没有调用微信。手机拿到的是步数，不是密钥。',
    },
    check: {
      name: 'session_key 是否有效',
      hint: '相当于 wx.checkSession',
      done: '有效：手机现在获取的数据可以解密。',
      stale: '已失效：微信端的 session_key 已经更换，新数据无法解密。请点 wx.login。',
    },
    rotate: {
      name: '更换 session_key',
      hint: '如同在别处调用了 wx.login',
      changed: '更换了该用户的 session_key',
      done: '微信不会通知 Worker，所以下次登录之前，Worker 中仍是旧的 session_key，无法解密新数据。',
    },
    wait: { name: '等待五分钟', hint: 'code 和数据会过期', done: '两个请求都成功了。' },
    week: { name: '等待一周', hint: '会话会过期', done: '会话仍然有效。' },
    used: { name: '同一个 code 发送两次', hint: '先后两个请求', done: '两个请求都成功了。' },
    busy: {
      name: '微信繁忙',
      hint: '连续三次返回 -1',
      done: 'Worker 调用微信三次均未成功，于是让手机稍后重试。手机再次发送同一个 code，这次微信接受了。',
    },
    withdraw: {
      name: '用户撤回授权',
      hint: '微信推送事件',
      pushed: 'Worker 验证了微信的推送，并结束了该用户的所有会话。',
      done: '会话仍然有效。',
    },
  },
  /** 错误码在本页中的含义。没有列出的错误码，显示响应中的 detail。 */
  errors: {
    session_required: '手机没有 token，请先点 wx.login。',
    session_invalid: '会话已结束，手机已清除 token。请点 wx.login 重新登录。',
    session_key_stale:
      '该会话的 session_key 比数据所用的旧。请先点 wx.login，再重新获取数据，顺序不能颠倒。',
    code_used: '每个 code 只能用一次。再次调用 wx.login 可获得新的 code。',
    code_invalid: 'code 已超过五分钟，微信不再接受。',
    watermark_expired: '数据已解密，但 watermark 已超过五分钟，不予采信。',
  },
  error: (code, text) => `${code}：${text}`,
  refused: 'Worker 拒绝了请求。',
}
