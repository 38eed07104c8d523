import { ceilDiv, type Triple, volumeOf } from "../../../core/box.js";
import { LEVELS } from "./forms.js";
import type { Layout } from "./layout.js";

/** Plain bytes that a shard holds at most. */
export const SHARD_BYTES_MAX = 2 * 2 ** 30;

/** Distribution of a level's chunks over shards. All counts are of chunks or shards along `[z, y, x]`. */
export interface ShardGrid {
  /** Chunks of the level. */
  chunks: Triple;
  /** Chunks of a shard. */
  shard: Triple;
  /** Shards of the level. */
  shards: Triple;
}

/**
 * One shard if all fits. Else the level is cut along z into equal parts of whole units; if one layer of units is too large, also
 * along y, then x. So few shards are open at once, and one is finished before the next begins.
 */
export function shardGrid(level: number, shape: Triple, { chunk }: Layout, itemBytes: number, bytesMax: number): ShardGrid {
  const chunks = shape.map((length, axis) => ceilDiv(length, chunk[axis]!)) as Triple;
  const room = Math.max(1, Math.floor(bytesMax / (volumeOf(chunk) * itemBytes)));
  // chunks of a unit along z and y: a shard that is cut there would be left and come back to
  const along = 1 << (LEVELS - 1 - level);
  const shard = cut(chunks, chunk[0] === 1 ? 1 : along, along, room);
  return { chunks, shard, shards: chunks.map((count, axis) => ceilDiv(count, shard[axis]!)) as Triple };
}

function cut([nz, ny, nx]: Triple, unitZ: number, unitY: number, room: number): Triple {
  const [z, y] = [Math.min(unitZ, nz), Math.min(unitY, ny)];
  if (z * ny * nx <= room) return [equalParts(nz, z, Math.floor(room / (ny * nx))), ny, nx];
  if (z * y * nx <= room) return [z, equalParts(ny, y, Math.floor(room / (z * nx))), nx];
  if (z * y <= room) return [z, y, equalParts(nx, 1, Math.floor(room / (z * y)))];
  return cut([nz, ny, nx], ceilDiv(unitZ, 2), ceilDiv(unitY, 2), room);
}

/** Length of equal parts of `count`, each a multiple of `grain` and `most` at the most. */
function equalParts(count: number, grain: number, most: number): number {
  if (count <= most) return count;
  const parts = ceilDiv(count, Math.floor(most / grain) * grain);
  return ceilDiv(ceilDiv(count, parts), grain) * grain;
}
