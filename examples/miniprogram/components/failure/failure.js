Component({
  properties: {
    /** From `explain`, or null. */
    failure: { type: Object, value: null },
  },

  methods: {
    onNext() {
      this.triggerEvent('next')
    },
  },
})
