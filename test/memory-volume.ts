import type { BlockLevel, BlockVolume } from "../src/arrays/blocks/volume.js";
import { type Box, boxShape, type Triple, volumeOf } from "../src/core/box.js";
import type { DType } from "../src/core/dtype.js";
import { viewAs } from "../src/formats/zarr/elements.js";

export interface MemoryLevel {
  shape: Triple;
  dtype?: DType;
  chunk?: Triple;
  shard?: Triple;
  voxelSizeNm?: BlockLevel["voxelSizeNm"];
  offsetNm?: Triple;
  /** A voxel's value. Default: its number in C order. */
  value?: (z: number, y: number, x: number) => number;
}

export interface MemoryVolume extends BlockVolume {
  /** Boxes that were read, in order, and reads that are running. */
  readonly reads: { level: number; box: Box }[];
  running: number;
}

/** A volume that is computed voxel by voxel, and counts what is read of it. @param pause awaited by each read */
export function memoryVolume(
  levels: readonly MemoryLevel[],
  pause: (signal?: AbortSignal) => Promise<void> = async () => {},
): MemoryVolume {
  const reads: { level: number; box: Box }[] = [];
  const volume: MemoryVolume = {
    name: "memory:volume",
    identity: [{ key: "zarr.json", size: 1, etag: "one" }],
    reads,
    running: 0,
    levels: levels.map((level, index) => ({
      shape: level.shape,
      dtype: level.dtype ?? "float32",
      chunk: level.chunk ?? level.shape,
      shard: level.shard,
      voxelSizeNm: level.voxelSizeNm ?? [1, 1, 1],
      offsetNm: level.offsetNm ?? [0, 0, 0],
      codec: "raw",
      async read(box, { signal } = {}) {
        reads.push({ level: index, box });
        volume.running++;
        try {
          await pause(signal);
          signal?.throwIfAborted();
          return voxelsOf(level, box);
        } finally {
          volume.running--;
        }
      },
    })),
    close: async () => {},
  };
  return volume;
}

function voxelsOf({ shape, dtype = "float32", value }: MemoryLevel, box: Box): Uint8Array {
  if (box.start.some((start, axis) => start < 0 || box.stop[axis]! > shape[axis]!)) throw new Error("a box outside the level");
  const at = value ?? ((z, y, x) => (z * shape[1] + y) * shape[2] + x);
  const count = volumeOf(boxShape(box));
  const bytes = new Uint8Array(count * viewAs(new Uint8Array(0), dtype).BYTES_PER_ELEMENT);
  const voxels = viewAs(bytes, dtype);
  let i = 0;
  for (let z = box.start[0]; z < box.stop[0]; z++)
    for (let y = box.start[1]; y < box.stop[1]; y++)
      for (let x = box.start[2]; x < box.stop[2]; x++)
        voxels[i++] = (typeof voxels[0] === "bigint" ? BigInt(at(z, y, x)) : at(z, y, x)) as never;
  return bytes;
}
