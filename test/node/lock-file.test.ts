/** What package-lock.json says of the packages that `npm ci` installs. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readCode, readTable } from '../support/markdown'

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, { integrity?: string; resolved?: string; link?: boolean }>
}

it('CONTRIBUTING lists every package without an integrity in the lock file, and no other', () => {
  const without = Object.entries(packages).flatMap(([path, { integrity, link }]) =>
    path === '' || integrity || link ? [] : [path.replace('node_modules/', '')],
  )
  const listed = readTable('.github/CONTRIBUTING.md', '### Without integrity').flatMap(
    ([prefix = '', platforms = '']) =>
      readCode(platforms).map((platform) => `${readCode(prefix)[0]}${platform}`),
  )
  expect(listed.toSorted()).toEqual(without.toSorted())
})

it('the lock file names no host of a registry', () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([])
})
