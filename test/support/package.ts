/** The package as its users get it: packed, and unpacked beside their other packages. */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** What is already installed here, and what a user of the Worker or of the client has as well. */
const NEIGHBOURS = ['hono', 'valibot', '@cloudflare/workers-types', 'miniprogram-api-typings']

export const TSC = resolve('node_modules/typescript/bin/tsc')
/** Developer tools and editors of mini programs bring a TypeScript 5, as attw does. */
export const TSC_5 = createRequire(
  resolve('node_modules/@arethetypeswrong/core/package.json'),
).resolve('typescript/bin/tsc')

/** Packs the package before the tests of a file. */
export function usePackage() {
  const workspace = mkdtempSync(join(tmpdir(), 'code2session-package-'))
  const unpacked = join(workspace, 'node_modules/code2session')
  const tarball = join(workspace, 'package.tgz')
  const inPackage = (file: string) => join(unpacked, file)

  beforeAll(() => {
    // It builds first: `prepack`.
    execFileSync('npm', ['pack', '--pack-destination', workspace], { stdio: 'pipe' })
    const [packed = ''] = globSync('*.tgz', { cwd: workspace })
    renameSync(join(workspace, packed), tarball)
    mkdirSync(unpacked, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', unpacked])
    for (const name of NEIGHBOURS) {
      const link = join(workspace, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(resolve('node_modules', name), link, 'junction')
    }
  })
  afterAll(() => rmSync(workspace, { recursive: true, force: true }))

  /** Writes a project beside the package, and gives its folder. */
  function writeProject(files: Readonly<Record<string, string>>): string {
    const project = mkdtempSync(join(workspace, 'project-'))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text)
    return project
  }

  /** Compiles the first file of a project: what `tsc` says, which is nothing if it is right. */
  function compile(files: Readonly<Record<string, string>>, options: object, tsc = TSC): string {
    const compilerOptions = { strict: true, noEmit: true, skipLibCheck: true, ...options }
    const config = JSON.stringify({ compilerOptions, files: Object.keys(files).slice(0, 1) })
    return run(tsc, '-p', writeProject({ ...files, 'tsconfig.json': config })).output
  }

  return {
    workspace,
    unpacked,
    tarball,
    inPackage,
    read: (file: string) => readFileSync(inPackage(file), 'utf8'),
    writeProject,
    compile,
  }
}

/** Runs a program: its exit code, and what it has printed. */
export function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}
