/** Files that [[rules]] in wrangler.toml makes texts. */

declare module '*/assets/docs.css' {
  const text: string
  export default text
}

declare module '*/assets/docs.html' {
  const text: string
  export default text
}

declare module '*/assets/docs.js' {
  const text: string
  export default text
}
