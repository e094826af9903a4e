module.exports = {
  /** The URL of code2session. `npm run dev` and `npm run dev:live` both listen here. */
  baseUrl: 'http://localhost:8787',

  /**
   * Whether that server is the sandbox of `npm run dev`. The sandbox knows no codes of WeChat, so
   * codes and open data come from its own phone, and any AppID will do. Set it to `false` for
   * `npm run dev:live` and for a deployed Worker.
   */
  sandbox: true,

  /**
   * The URL of your shop for the page 商店, without a path, such as `https://shop.example.com`. The
   * one in examples/hooks will do. The sandbox has a shop of its own.
   */
  shop: '',
}
