/**
 * Makes what many test files use, once for all of them: the first file that asks for it has it made,
 * and the others wait for that. Each file runs in a process of its own, so they ask over HTTP.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type BuildOptions, type BuiltWorker, buildWorker } from './worker-build'

declare module 'vitest' {
  interface ProvidedContext {
    sharedUrl: string
  }
}

export async function setup({ provide }: TestProject) {
  const builds = new Map<string, Promise<BuiltWorker>>()

  function build(options: string): Promise<BuiltWorker> {
    const known = builds.get(options)
    if (known) return known
    const made = buildWorker(JSON.parse(options) as BuildOptions)
    builds.set(options, made)
    return made
  }

  const server = createServer(async (request, response) => {
    const options = Buffer.concat(await request.toArray()).toString()
    try {
      response.end(JSON.stringify(await build(options)))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provide('sharedUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return () => void server.close()
}
