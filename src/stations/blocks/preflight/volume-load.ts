import { blocksOfVolume } from "../../../arrays/blocks/block-array.js";
import { gridOf } from "../../../arrays/blocks/grid.js";
import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { type Triple, volumeOf } from "../../../core/box.js";
import type { Clock } from "../../../core/clock.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { type Layout, readAgain } from "./advise.js";
import type { BlockCost, PreflightLoad } from "./cost.js";

export interface VolumeLoadOptions {
  readonly level: number;
  readonly shape: Triple;
  readonly halo: Triple;
  /** Seconds that the consumer takes for a block, as far as that is known. */
  readonly consumerSeconds: number;
  readonly threads: number;
}

/** Consecutive blocks that are measured as one. */
const TOGETHER_MAX = 8;

/** Blocks of a volume that are read for a consumer. */
export function volumeLoad(
  volume: LoadedVolume,
  options: VolumeLoadOptions,
  clock: Clock,
): { load: PreflightLoad; layout: Layout } {
  const { level: number, shape, halo, consumerSeconds, threads } = options;
  const level = volume.levels[number]!;
  const grid = gridOf(volume.levels, { shape, halo, level: number }, volume.name);
  const arrays = blocksOfVolume(volume);
  const padded = shape.map((length, axis) => length + 2 * halo[axis]!) as Triple;
  // blocks of one chunk are neighbours in the order: the first decodes it, the others find it
  const together = Math.max(1, Math.min(TOGETHER_MAX, Math.round(volumeOf(level.chunk) / volumeOf(shape))));
  const load: PreflightLoad = {
    blocks: grid.count,
    blockBytes: volumeOf(padded) * ITEM_BYTES[level.dtype],
    readAgain: readAgain(shape, halo),
    computesIn: "consumer",
    async run(position, signal) {
      const resumeFrom = { seed: 0, epoch: 0, position };
      const before = { ...volume.traffic };
      const start = clock.monotonic();
      let count = 0;
      for await (const block of arrays.blocks({
        shape,
        halo,
        level: number,
        order: "locality",
        resumeFrom,
        prefetch: 0,
        signal,
      })) {
        await block.read();
        block.release();
        if (++count === together) break;
      }
      const seconds = (clock.monotonic() - start) / 1000;
      return costOf(before, volume.traffic, seconds, count, { consumerSeconds, threads });
    },
  };
  return { load, layout: { block: shape, halo, chunk: level.chunk, shape: level.shape } };
}

/** Mean cost of one block. Requests at the same time each count in the traffic; a block waits for them once. */
function costOf(
  before: LoadedVolume["traffic"],
  after: LoadedVolume["traffic"],
  seconds: number,
  count: number,
  { consumerSeconds, threads }: { consumerSeconds: number; threads: number },
): BlockCost {
  const decode = after.decodeSeconds - before.decodeSeconds;
  const wait = Math.max(0, Math.min(after.waitSeconds - before.waitSeconds, seconds - decode / threads));
  return {
    wait: wait / count,
    decode: decode / count,
    copy: Math.max(0, seconds - wait - decode / threads) / count,
    compute: consumerSeconds,
    encode: 0,
    store: 0,
    requests: (after.requests - before.requests) / count,
    storedBytes: (after.storedBytes - before.storedBytes) / count,
  };
}
