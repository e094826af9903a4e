App({
  globalData: {
    /** The client logs in by itself whenever it has to, so only the app can know that it must not. */
    loggedOut: false,
  },
})
