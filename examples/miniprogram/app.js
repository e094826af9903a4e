App({
  globalData: {
    /**
     * Whether the user has logged out. The client logs in on demand, so the pages check this before
     * they call it.
     */
    loggedOut: false,
  },
})
