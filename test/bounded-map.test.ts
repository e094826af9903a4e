import { expect, it } from 'vitest'
import { BoundedMap } from '../src/lib/bounded-map'

it('A bounded map keeps the 1,000 entries that were set last', () => {
  const map = new BoundedMap<number, string>()
  for (let key = 0; key < 1000; key++) map.set(key, 'first')
  map.set(1, 'again')
  expect([map.size, map.has(0), map.get(1)]).toEqual([1000, true, 'again'])
  map.set(1000, 'new').set(1001, 'new')
  expect([map.size, ...[0, 1, 2, 3].map((key) => map.has(key))]).toEqual([
    1000,
    false,
    true,
    false,
    true,
  ])
})
