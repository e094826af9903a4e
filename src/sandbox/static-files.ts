/** The files that `npm run dev` serves: the watch page, and the documents of the deployed Worker. */

/** Paths that are pages, and their files. The assets directory is src/. */
const PAGES: Readonly<Record<string, string>> = {
  '/': '/sandbox/page/index.html',
  '/docs': '/assets/docs.html',
}

/** Where the files of both pages are. Nothing else under src/ is served. */
const FOLDERS = ['/assets', '/sandbox/page']

/**
 * Returns the file that a request asks for, or `null` where there is none.
 *
 * @param assets The binding of the assets directory. Where it is absent, there are no files.
 */
export async function findFile(
  request: Request,
  assets: Fetcher | undefined,
): Promise<Response | null> {
  if (!assets || !['GET', 'HEAD'].includes(request.method)) return null
  for (const path of toFilePaths(new URL(request.url).pathname)) {
    const response = await assets.fetch(new Request(new URL(path, request.url), request))
    if (response.status !== 404) return response
  }
  return null
}

function toFilePaths(pathname: string): readonly string[] {
  const page = PAGES[pathname]
  if (page) return [page]
  const isFile = /^\/[\w/-]+\.\w+$/.test(pathname)
  return isFile ? FOLDERS.map((folder) => folder + pathname) : []
}
