/** Lets Node run src/ as it is: the imports there have no extension. */

import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts')
    if (!isOurs || /\.\w+$/.test(specifier)) return next(specifier, context)
    const url = new URL(`${specifier}.ts`, context.parentURL)
    return next(existsSync(fileURLToPath(url)) ? url.href : `${specifier}/index.ts`, context)
  },
})
