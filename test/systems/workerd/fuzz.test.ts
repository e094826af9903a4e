/** The fuzz tests with many more requests, which are others each day. */

import { inject } from 'vitest'
import '../../fuzz.test'
import '../../fuzz-code.test'

console.info(`FUZZ_SEED=${inject('fuzzSeed')} sends these requests again.`)
