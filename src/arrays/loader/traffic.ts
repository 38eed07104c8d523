/** Counts of what was read of a volume since it was opened. */
export interface BlockTraffic {
  /** Objects or ranges of objects asked of the store; metadata are not counted. */
  readonly requests: number;
  /** Bytes that these requests returned. */
  readonly storedBytes: number;
  /** Bytes that were decoded. */
  readonly decodedBytes: number;
  /** Chunks that boxes touched: found decoded, found stored, read, and not there. */
  readonly decodedHits: number;
  readonly storedHits: number;
  readonly misses: number;
  readonly absent: number;
  /** Seconds of all reads together that store and decoder took: reads at the same time count each. */
  readonly waitSeconds: number;
  readonly decodeSeconds: number;
  /** Bytes in memory now: caches and what is being read; the most there have been. */
  readonly heldBytes: number;
  readonly heldBytesMax: number;
  /** Boxes that are being read now, and chunks that they hold in the caches. */
  readonly reading: number;
  readonly pins: number;
}

/** Counts in a form that the reads add to. */
export type TrafficCounts = { -readonly [Key in keyof BlockTraffic]: number };

export function noTraffic(): TrafficCounts {
  return {
    requests: 0,
    storedBytes: 0,
    decodedBytes: 0,
    decodedHits: 0,
    storedHits: 0,
    misses: 0,
    absent: 0,
    waitSeconds: 0,
    decodeSeconds: 0,
    heldBytes: 0,
    heldBytesMax: 0,
    reading: 0,
    pins: 0,
  };
}
