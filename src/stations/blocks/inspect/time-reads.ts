import type { BlockTraffic } from "../../../arrays/loader/traffic.js";
import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { type Box, type Triple, volumeOf } from "../../../core/box.js";
import type { Clock } from "../../../core/clock.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { seededRandom } from "../../../core/random.js";
import { counted, formatBytes } from "../../../core/units.js";
import { forEachLimited } from "../../../system/parallel.js";

export interface TimeReadsOptions {
  level: number;
  /** Voxels `[z, y, x]`; at most those of the level. */
  block: Triple;
  /** `random`: anywhere. `scan`: one after the other, x first. */
  order: "random" | "scan";
  /** Blocks that are read, after one that is not counted. */
  count: number;
  /** Reads at the same time. */
  concurrency: number;
  seed: number;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** Measurements of reading blocks. */
export interface ReadTimes {
  /** Voxels of a block: what was asked for, or the level where that is smaller. */
  block: Triple;
  blocks: number;
  seconds: number;
  blocksPerSecond: number;
  /** Bytes of the blocks. */
  bytes: number;
  megabytesPerSecond: number;
  traffic: BlockTraffic;
}

/**
 * Reads blocks of a level as fast as it goes.
 *
 * @throws {EmporiumError} USAGE (a level that is not there), and what reading throws
 */
export async function timeReads(volume: LoadedVolume, options: TimeReadsOptions): Promise<ReadTimes> {
  const level = volume.levels[options.level];
  if (!level) {
    throw new EmporiumError(
      "USAGE",
      `the volume has no level ${options.level}; its levels are 0 to ${volume.levels.length - 1}`,
      {
        hint: "emporium blocks ls LOCATION lists them",
      },
    );
  }
  const block = level.shape.map((length, axis) => Math.min(length, options.block[axis]!)) as Triple;
  const boxes = boxesOf(level.shape, block, options);
  const { clock, signal } = options;
  await level.read(boxes[boxes.length - 1]!, { signal });
  const began = clock.monotonic();
  let bytes = 0;
  await forEachLimited(boxes, options.concurrency, async (box) => {
    bytes += (await level.read(box, { signal })).length;
  });
  const seconds = Math.max(1e-6, (clock.monotonic() - began) / 1000);
  return {
    block,
    blocks: boxes.length,
    seconds,
    blocksPerSecond: boxes.length / seconds,
    bytes,
    megabytesPerSecond: volumeOf(block) * ITEM_BYTES[level.dtype] * (boxes.length / seconds) * 1e-6,
    traffic: volume.traffic,
  };
}

function boxesOf(shape: Triple, block: Triple, { order, count, seed }: TimeReadsOptions): Box[] {
  const random = seededRandom(seed);
  const grid = shape.map((length, axis) => Math.floor(length / block[axis]!)) as Triple;
  const total = volumeOf(grid);
  return Array.from({ length: order === "scan" ? Math.min(count, total) : count }, (_, i): Box => {
    const cell = [Math.floor(i / (grid[1] * grid[2])), Math.floor(i / grid[2]) % grid[1], i % grid[2]];
    const start = shape.map((length, axis) =>
      order === "scan" ? cell[axis]! * block[axis]! : Math.floor(random() * (length - block[axis]! + 1)),
    ) as Triple;
    return { start, stop: start.map((from, axis) => from + block[axis]!) as Triple };
  });
}

/** Two lines for people. */
export function timesText({
  block,
  blocks,
  seconds,
  blocksPerSecond: rate,
  megabytesPerSecond: speed,
  traffic,
}: ReadTimes): string {
  const hits = traffic.decodedHits + traffic.storedHits;
  return [
    `${counted(blocks, "block")} of ${block.join("×")} in ${seconds.toFixed(2)} s: ${rate.toFixed(1)} blocks/s, ${speed.toFixed(1)} MB/s of voxels`,
    `${counted(traffic.requests, "request")}, ${formatBytes(traffic.storedBytes)} stored, ${formatBytes(traffic.decodedBytes)} decoded; ${hits} of ${counted(hits + traffic.misses, "chunk")} from memory`,
  ].join("\n");
}
