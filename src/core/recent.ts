/** A map that holds no more than its latest entries: what was neither set nor asked for longest goes first. */
export class Recent<K, V> extends Map<K, V> {
  constructor(private readonly sizeMax: number) {
    super();
  }

  override get(key: K): V | undefined {
    if (!this.has(key)) return undefined;
    const value = super.get(key) as V;
    this.delete(key);
    super.set(key, value);
    return value;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.sizeMax) this.delete(this.keys().next().value as K);
    return this;
  }
}
