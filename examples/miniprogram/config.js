module.exports = {
  /** Where code2session is. `npm run dev` and `npm run dev:live` are both here. */
  baseUrl: 'http://localhost:8787',

  /**
   * Whether that is the sandbox of `npm run dev`. It knows no code of WeChat's, so what WeChat would
   * give comes from its own phone, and no AppID is needed. `false` for `npm run dev:live` and for a
   * deployed Worker.
   */
  sandbox: true,
}
