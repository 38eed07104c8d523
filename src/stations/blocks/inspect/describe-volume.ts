import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import { type Triple, volumeOf } from "../../../core/box.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { formatBytes } from "../../../core/units.js";

/** A level in the output of `blocks ls --json`. Axes are z, y, x. */
export interface LevelFacts {
  level: number;
  shape: Triple;
  dtype: string;
  chunk: Triple;
  /** Null: each chunk is an object. */
  shard: Triple | null;
  voxelSizeNm: (number | null)[];
  offsetNm: Triple;
  codec: string;
  /** Chunks of the level, and bytes of its voxels once they are decoded. */
  chunks: number;
  bytes: number;
}

/** The levels of a volume, as its metadata have them. */
export function describeLevels({ levels }: Pick<BlockVolume, "levels">): LevelFacts[] {
  return levels.map((level, i) => ({
    level: i,
    shape: level.shape,
    dtype: level.dtype,
    chunk: level.chunk,
    shard: level.shard ?? null,
    voxelSizeNm: level.voxelSizeNm.map((size) => size ?? null),
    offsetNm: level.offsetNm,
    codec: level.codec,
    chunks: volumeOf(level.shape.map((length, axis) => Math.ceil(length / level.chunk[axis]!)) as Triple),
    bytes: bytesOf(level),
  }));
}

function bytesOf({ shape, dtype }: BlockLevel): number {
  return volumeOf(shape) * ITEM_BYTES[dtype];
}

/** A line for each level. */
export function levelsText(levels: readonly LevelFacts[]): string {
  const rows = [
    ["level", "shape", "type", "chunk", "shard", "voxel nm", "offset nm", "codec", "bytes"],
    ...levels.map((one) => [
      String(one.level),
      one.shape.join("×"),
      one.dtype,
      one.chunk.join("×"),
      one.shard?.join("×") ?? "-",
      one.voxelSizeNm.map((size) => (size === null ? "?" : rounded(size))).join("×"),
      one.offsetNm.map(rounded).join(","),
      one.codec,
      formatBytes(one.bytes),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(7)));
}
