declare namespace Cloudflare {
  interface Env {
    SESSIONS: KVNamespace
    WECHAT_APPID: string
    WECHAT_APPSECRET: string
  }
}
