/** When npm builds the package: shown by a small one with the same scripts. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const INSTALL = ['install', '--offline', '--no-audit', '--no-fund']
const BUILT = 'node_modules/small/dist/built'

const folder = mkdtempSync(join(tmpdir(), 'install-scripts-'))
const source = join(folder, 'source')

beforeAll(() => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  const lifecycle = Object.entries(scripts).filter(([name]) => /^(pre|post)|^install$/.test(name))
  const build = `node -e "fs.mkdirSync('dist', { recursive: true }); fs.writeFileSync('dist/built', '')"`
  const small = { name: 'small', version: '1.0.0', files: ['dist'] }
  mkdirSync(source)
  writeFileSync(
    join(source, 'package.json'),
    JSON.stringify({ ...small, scripts: { ...Object.fromEntries(lifecycle), build } }),
  )
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com']
  const git = (...args: string[]) => execFileSync('git', [...author, ...args], { cwd: source })
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'test')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Installs a package in a new project: what npm says, and the project's folder. */
function install(...args: string[]) {
  const project = mkdtempSync(join(folder, 'project-'))
  writeFileSync(join(project, 'package.json'), '{}')
  const { status, stderr } = spawnSync('npm', [...INSTALL, ...args], {
    cwd: project,
    encoding: 'utf8',
  })
  return { project, status, stderr }
}

it('npm builds the package when it is installed from git', () => {
  const { project, status } = install('--allow-git=all', `git+file://${source}`)
  expect(status).toBe(0)
  expect(existsSync(join(project, BUILT))).toBe(true)
})

it('npm builds the package when it packs it, and says nothing where the tarball is installed', () => {
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: source, stdio: 'pipe' })
  const { project, status, stderr } = install(join(folder, 'small-1.0.0.tgz'))
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(existsSync(join(project, BUILT))).toBe(true)
})

it('npm builds the package in a checkout', () => {
  rmSync(join(source, 'dist'), { recursive: true, force: true })
  execFileSync('npm', INSTALL, { cwd: source, stdio: 'pipe' })
  expect(existsSync(join(source, 'dist/built'))).toBe(true)
})
