declare namespace Cloudflare {
  interface Env {
    SESSIONS: KVNamespace
    WECHAT_APPID: string
    WECHAT_APPSECRET: string
    SERVICE_KEYS: string
    ACCESS_TOKEN_KEY: string
    ISSUER: string
    WECHAT_PUSH_TOKEN: string
    WECHAT_PUSH_AES_KEY: string
  }
}

declare module '*?raw' {
  const text: string
  export default text
}
