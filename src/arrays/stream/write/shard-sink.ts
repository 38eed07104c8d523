/**
 * Destination of shards: files of a folder, or uploads. A shard only ever grows at its end.
 */
export interface ShardSink {
  /**
   * Begins a shard, or goes on with one.
   *
   * @param key `0/c/0/0/0`.
   * @param have bytes that an earlier attempt has kept; what it appended after them is forgotten.
   * @param whole length of the finished shard, where nothing is missing but its index: it may be finished already.
   * @returns undefined where those bytes are not there any more.
   */
  open(key: string, have: number, whole?: number): Promise<ShardOutput | undefined>;
}

export interface ShardOutput {
  /** A file that is being written. */
  readonly path?: string | undefined;
  /** The bytes are the caller's again when this resolves. One call at a time. */
  append(bytes: Uint8Array): Promise<void>;
  /** When this resolves, what was appended before the call survives a kill, and `open` with that length goes on behind it. */
  keep(): Promise<Kept>;
  /** Appends the index and makes the shard whole. */
  finish(index: Uint8Array): Promise<void>;
  /** Ends without finishing; what was kept stays. */
  close(): Promise<void>;
}

export interface Kept {
  /** A later length has been kept and noted: no attempt will resume from this one. */
  release(): Promise<void>;
}
