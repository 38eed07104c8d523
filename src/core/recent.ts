/**
 * A map that holds no more than its latest entries: what was neither set nor asked for longest goes first.
 *
 * `sizeOf` weighs an entry, default 1. The latest entry stays, however large it is.
 */
export class Recent<K, V> extends Map<K, V> {
  private held = 0;

  constructor(
    private readonly sizeMax: number,
    private readonly sizeOf: (value: V) => number = () => 1,
  ) {
    super();
  }

  /** Sum of the sizes of all entries. */
  get weight(): number {
    return this.held;
  }

  override get(key: K): V | undefined {
    if (!this.has(key)) return undefined;
    const value = super.get(key) as V;
    this.move(key, value);
    return value;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    this.held += this.sizeOf(value);
    while (this.held > this.sizeMax && this.size > 1) this.delete(this.keys().next().value as K);
    return this;
  }

  override delete(key: K): boolean {
    if (this.has(key)) this.held -= this.sizeOf(super.get(key) as V);
    return super.delete(key);
  }

  override clear(): void {
    super.clear();
    this.held = 0;
  }

  /** To the end, as the latest. */
  private move(key: K, value: V): void {
    super.delete(key);
    super.set(key, value);
  }
}
