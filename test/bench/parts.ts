/**
 * Parts of the Worker that can be taken out, one at a time, to see what each costs. What is left
 * answers the benchmark's requests, and is fit for nothing else.
 */

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Operation } from './operations.ts'

const root = join(import.meta.dirname, '../..')

/** What stands in a source file exactly once, and what replaces it. */
type Edit = readonly [file: string, from: string, to: string]

interface Change {
  /** The file that is bundled, if it is not the Worker's. */
  readonly entry?: string
  readonly edits?: readonly Edit[]
}

export interface Part extends Change {
  readonly name: string
  readonly operations: readonly Operation[]
}

const PARTS: readonly Part[] = [
  {
    name: 'Hono and its middleware',
    operations: ['check', 'introspect', 'login', 'decrypt', 'cold-start'],
    entry: 'test/bench/workers/routerless.ts',
  },
  {
    name: 'an answer of its own',
    operations: ['cold-start'],
    entry: 'test/bench/workers/evaluated.ts',
  },
  {
    name: 'an answer and an evaluation of its own',
    operations: ['cold-start'],
    entry: 'test/bench/workers/loaded.ts',
  },
  {
    name: 'the encryption of the record',
    operations: ['check', 'introspect', 'login', 'decrypt'],
    edits: [
      [
        'src/login/session-record.ts',
        'await seal(JSON.stringify(record), await toSealOptions(parts))',
        'new TextEncoder().encode(JSON.stringify(record, void parts))',
      ],
      [
        'src/login/session-record.ts',
        'await unseal(bytes.subarray(1), await toSealOptions(parts))',
        'new TextDecoder().decode(bytes.subarray(1), void parts)',
      ],
    ],
  },
  {
    name: 'the schema of the record',
    operations: ['check', 'introspect', 'decrypt'],
    edits: [
      [
        'src/login/session-record.ts',
        "v.safeParse(SessionRecord, parseJson(plaintext ?? ''))",
        "{ success: true, output: parseJson(plaintext ?? '') }",
      ],
    ],
  },
  {
    name: 'the metadata of the record',
    operations: ['check', 'introspect', 'login', 'decrypt'],
    edits: [
      ['src/login/sessions.ts', '{ expirationTtl, metadata }', '{ expirationTtl }'],
      [
        'src/login/sessions.ts',
        'config.sessions.getWithMetadata(key, options)',
        'config.sessions.get(key, options).then((value) => ({ value }))',
      ],
    ],
  },
  {
    name: 'the log line',
    operations: ['check', 'introspect', 'login', 'decrypt'],
    edits: [['src/core/log.ts', 'runtime.log(toLogEntry(record))', 'void toLogEntry']],
  },
  {
    name: 'the headers of the answer',
    operations: ['check', 'introspect', 'login', 'decrypt'],
    edits: [
      ['src/core/responses.ts', 'c.json(value, 200, RESPONSE_HEADERS)', 'Response.json(value)'],
      ['test/bench/workers/routerless.ts', ', { headers: RESPONSE_HEADERS }', ''],
    ],
  },
  {
    name: 'the check of the body',
    operations: ['login'],
    edits: [
      ['src/core/body.ts', 'return parse(schema, value)', 'return value'],
      ['src/core/body.ts', 'if (!isJson(request.headers))', 'if (false)'],
    ],
  },
  {
    name: 'the shared exchange',
    operations: ['login'],
    edits: [['src/login/login.ts', 'context.logins(', '((_, task) => task())(']],
  },
  {
    name: 'the deadline',
    operations: ['login'],
    edits: [
      ['src/login/wechat/api.ts', 'runtime.deadline(DEADLINE_MILLISECONDS)', '{}'],
      ['src/login/wechat/api.ts', 'Promise.race([response, rejectOnAbort(signal)])', 'response'],
      ['src/login/wechat/api.ts', '    signal,\n  })', '  })'],
    ],
  },
  {
    name: 'the bound of what is read of the answer',
    operations: ['login'],
    edits: [
      [
        'src/login/wechat/api.ts',
        'await readAtMost(response.body, RESPONSE_LIMIT)',
        'new Uint8Array(await response.arrayBuffer())',
      ],
    ],
  },
  {
    name: 'the digest that is the userId',
    operations: ['login'],
    edits: [['src/login/sessions.ts', 'return sha256(', "return (async () => 'u'.repeat(43))("]],
  },
]

/** The parts of these operations, and for each of these, all of its parts at once. */
export function findParts(operations: readonly Operation[]): Part[] {
  const parts = PARTS.filter((part) => part.operations.some((name) => operations.includes(name)))
  const all = operations.flatMap((operation): Part[] => {
    const those = parts.filter((part) => part.operations.includes(operation))
    const entry = those.find((part) => part.entry)?.entry
    const edits = those.flatMap((part) => part.edits ?? [])
    const name = 'all of these'
    return edits.length > 0
      ? [{ name, operations: [operation], edits, ...(entry && { entry }) }]
      : []
  })
  return [...parts, ...all]
}

/** The Worker with these changes, bundled and minified as for production. */
export async function bundleChanged({ entry = 'src/workers/login-worker.ts', edits = [] }: Change) {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    write: false,
    logLevel: 'silent',
    plugins: [edit(edits)],
  })
  return outputFiles[0]?.text ?? ''
}

/** @throws {Error} if what is replaced in a file of the bundle does not stand there exactly once */
function edit(edits: readonly Edit[]): Plugin {
  return {
    name: 'edit',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const name = relative(root, path)
        const contents = edits
          .filter(([file]) => file === name)
          .reduce(
            (text, [, from, to]) => {
              const [before = '', ...after] = text.split(from)
              if (after.length === 1) return before + to + after[0]
              throw new Error(`${name} does not have this exactly once: ${from}`)
            },
            readFileSync(path, 'utf8'),
          )
        return { contents, loader: 'ts' }
      })
    },
  }
}
