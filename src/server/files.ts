/** The files that the Worker has as assets: `/docs` and the OpenAPI documents. No other is served. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getMimeType } from 'hono/utils/mime'

const PATHS = ['/docs', '/docs.css', '/docs.js', '/openapi.json', '/openapi-pay.json']

/** Makes the function that finds a request's file in this directory, with its `_headers` for all. */
export function createFiles(directory: string): (request: Request) => Response | null {
  const headers = readHeaders(join(directory, '_headers'))
  return ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return null
    const { pathname } = new URL(url)
    if (pathname === '/docs.html') {
      return new Response(null, { status: 307, headers: { ...headers, Location: '/docs' } })
    }
    if (!PATHS.includes(pathname)) return null
    const name = pathname === '/docs' ? 'docs.html' : pathname
    const type = { 'Content-Type': String(getMimeType(name)) }
    return new Response(readFileSync(join(directory, name)), { headers: { ...headers, ...type } })
  }
}

/** The headers for all paths, in the format of Workers' static assets. */
function readHeaders(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8').split('\n')
  const headers = lines.filter((line) => line.startsWith('  '))
  return Object.fromEntries(headers.map((line) => line.trim().split(': ')))
}
