/** The files that the Worker has as assets: `/docs` and the OpenAPI documents. No other is served. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FILES: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/docs': { name: 'docs.html', type: 'text/html; charset=utf-8' },
  '/docs.css': { name: 'docs.css', type: 'text/css; charset=utf-8' },
  '/docs.js': { name: 'docs.js', type: 'text/javascript; charset=utf-8' },
  '/openapi.json': { name: 'openapi.json', type: 'application/json' },
  '/openapi-pay.json': { name: 'openapi-pay.json', type: 'application/json' },
}

/**
 * Makes the function that finds the file of a request.
 *
 * @param directory Where the files are, with `_headers` for all of them
 */
export function createFiles(directory: string): (request: Request) => Response | null {
  const headers = readHeaders(join(directory, '_headers'))
  return ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return null
    const { pathname } = new URL(url)
    if (pathname === '/docs.html') {
      return new Response(null, { status: 307, headers: { ...headers, Location: '/docs' } })
    }
    const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined
    if (!file) return null
    const body = method === 'HEAD' ? null : readFileSync(join(directory, file.name))
    return new Response(body, { headers: { ...headers, 'Content-Type': file.type } })
  }
}

/** The headers for all paths, in the format of Workers' static assets. */
function readHeaders(path: string): Record<string, string> {
  const headers = readFileSync(path, 'utf8').matchAll(/^ {2}([\w-]+): (.*)$/gm)
  return Object.fromEntries([...headers].map(([, name, value]) => [name, value]))
}
