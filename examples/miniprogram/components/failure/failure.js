Component({
  properties: {
    /** What `explain` returned, or null. */
    failure: { type: Object, value: null },
  },

  methods: {
    onNext() {
      this.triggerEvent('next')
    },
  },
})
