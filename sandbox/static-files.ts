/** The files that `npm run dev` serves: the watch page, and the documents of the deployed Worker. */

import docsCss from '../src/assets/docs.css'
import docsHtml from '../src/assets/docs.html'
import docsJs from '../src/assets/docs.js'
import openapi from '../src/assets/openapi.json'
import openapiPay from '../src/assets/openapi-pay.json'

const HTML = { type: 'text/html; charset=utf-8', text: docsHtml }

/** The assets of the deployed Worker: modules here, because a Worker has only one directory of assets. */
const DOCUMENTS: Readonly<Record<string, { type: string; text: string }>> = {
  '/docs': HTML,
  '/docs.html': HTML,
  '/docs.css': { type: 'text/css; charset=utf-8', text: docsCss },
  '/docs.js': { type: 'text/javascript; charset=utf-8', text: docsJs },
  '/openapi.json': { type: 'application/json', text: toText(openapi) },
  '/openapi-pay.json': { type: 'application/json', text: toText(openapiPay) },
}

/**
 * Returns the file that a request asks for, or `null` where there is none.
 *
 * @param assets The binding of the page's directory. Where it is absent, there are no files.
 */
export async function findFile(
  request: Request,
  assets: Fetcher | undefined,
): Promise<Response | null> {
  if (!assets || !['GET', 'HEAD'].includes(request.method)) return null
  const { pathname } = new URL(request.url)
  const document = DOCUMENTS[pathname]
  if (document) return new Response(document.text, { headers: { 'Content-Type': document.type } })
  const path = pathname === '/' ? '/index.html' : pathname
  if (!/^\/[\w/-]+\.\w+$/.test(path)) return null
  const response = await assets.fetch(new Request(new URL(path, request.url), request))
  return response.status === 404 ? null : response
}

function toText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
