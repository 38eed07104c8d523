import { type Clock, systemClock } from "../../core/clock.js";
import { LIMITS } from "../../core/limits.js";
import { turns } from "../../system/parallel.js";
import { instantiateKernels, type Kernels, kernelModule } from "../kernels/kernels.js";
import { type BoxPlaces, boxPlaces } from "./box-target.js";
import { type DecodePool, decodePool } from "./decode-pool.js";
import { type KeptChunks, keptChunks } from "./kept-chunks.js";
import { type BlockMemory, BOX_SHARE, blockMemory } from "./memory.js";
import { type ShardIndexes, shardIndexes } from "./shards.js";

export interface ReadContextOptions {
  /** Bytes of all caches and of what is being read, of all volumes together. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Threads that decode. Default: as many as there are cores. */
  readonly threads?: number | undefined;
  readonly clock?: Clock | undefined;
  /**
   * The memory of boxes goes back to the system as soon as nobody has them, for a process that stays: their `buffer` is larger than they are. Default
   * false: the process keeps it for the next ones.
   */
  readonly spaciousBoxes?: boolean | undefined;
}

/** Memory and threads that volumes share: `openBlockVolume(location, { context })`. */
export interface ReadContext {
  readonly memoryBytes: number;
  readonly clock: Clock;
  readonly memory: () => BlockMemory;
  /** Bytes in use, and the most there have been; 0 before the first read. */
  readonly heldBytes: number;
  readonly heldBytesMax: number;
  /** Over the shared memory, on this thread. */
  readonly kernels: () => Kernels;
  readonly boxes: BoxPlaces;
  readonly decoded: KeptChunks;
  readonly stored: KeptChunks;
  /** Turns of requests, by the bytes that they bring. */
  readonly bodies: ReturnType<typeof turns>;
  readonly pool: DecodePool;
  /** Indexes of the shards of one more volume. */
  indexes(): ShardIndexes;
  /** A number that no other volume of the context has. */
  number(): number;
  /** Has something closed with the context, if it was not before. @returns closes it now */
  closing(close: () => void | Promise<void>): () => Promise<void>;
  /** Ends the threads, and closes the files of volumes. Volumes that are being read fail with CANCELLED. */
  close(): Promise<void>;
}

/** Parts of the memory for decoded and for stored chunks: what is being decoded takes the place of decoded ones. */
export const DECODED_SHARE = 3 / 4;
/** For stored chunks, those that are on their way among them. */
const STORED_SHARE = 1 / 4;
/** For decoded chunks that are just now written or copied. */
export const PINNED_SHARE = 1 / 4;
/** For pinned chunks of both forms: with the boxes half of the memory, the other half is for what decoders claim. */
const PINS_SHARE = 1 / 2 - BOX_SHARE;
/** Beside the memory: indexes of shards. */
const INDEX_SHARE = 1 / 16;

/**
 * Volumes of one context keep no more than `memoryBytes` of chunks together, those that were read last, and decode on the same threads. Threads start
 * and memory is taken with the first read.
 */
export function readContext({
  memoryBytes = LIMITS.memoryBytes,
  threads,
  clock = systemClock,
  spaciousBoxes = false,
}: ReadContextOptions = {}): ReadContext {
  let made: BlockMemory | undefined;
  let kernels: Kernels | undefined;
  let volumes = 0;
  const open = new Set<() => Promise<void>>();
  const memory = () => {
    made ??= blockMemory(memoryBytes, () => decoded.evict() || stored.evict());
    return made;
  };
  const mayPin = (length: number) => decoded.pinnedBytes + stored.pinnedBytes + length <= memoryBytes * PINS_SHARE;
  const decoded: KeptChunks = keptChunks(memory, {
    use: "decoded",
    bytesMax: memoryBytes * DECODED_SHARE,
    mayPin: (length) => mayPin(length) && decoded.pinnedBytes + length <= memoryBytes * PINNED_SHARE,
  });
  const stored: KeptChunks = keptChunks(memory, {
    use: "stored",
    bytesMax: memoryBytes * STORED_SHARE,
    mayPin,
    makeRoom: () => decoded.evict(),
  });
  const bodies = turns(memoryBytes * STORED_SHARE);
  const ownKernels = () => {
    kernels ??= instantiateKernels(kernelModule(), memory().shared);
    return kernels;
  };
  const pool = decodePool(memory, ownKernels, threads);
  const indexes = shardIndexes(Math.floor(memoryBytes * INDEX_SHARE));
  return {
    memoryBytes,
    clock,
    memory,
    get heldBytes() {
      return made?.usedBytes ?? 0;
    },
    get heldBytesMax() {
      return made?.usedBytesMax ?? 0;
    },
    kernels: ownKernels,
    boxes: boxPlaces(memory, spaciousBoxes),
    decoded,
    stored,
    bodies,
    pool,
    indexes() {
      const own = ++volumes;
      // a volume that is opened again has indexes of its own: its shards may be others
      return {
        get: (id, read) => indexes.get(`${own}\n${id}`, read),
        get bytes() {
          return indexes.bytes;
        },
      };
    },
    number: () => ++volumes,
    closing(close) {
      const once = async () => {
        if (open.delete(once)) await close();
      };
      open.add(once);
      return once;
    },
    async close() {
      await pool.end();
      await Promise.all([...open].map((close) => close()));
    },
  };
}
