/** The soak with many more requests, which are others each day. */

import { inject } from 'vitest'
import '../../soak.test'

console.info(`FUZZ_SEED=${inject('fuzzSeed')} sends these requests again.`)
