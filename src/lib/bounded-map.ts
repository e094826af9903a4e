/** A cache of an isolate: a map that keeps the 1,000 entries that were set last. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  override set(key: Key, value: Value): this {
    this.delete(key)
    if (this.size === 1000) this.delete(this.keys().next().value as Key)
    return super.set(key, value)
  }
}
