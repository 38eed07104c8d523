import { ceilDiv, type Triple } from "../../../core/box.js";
import { each } from "./reach.js";

/** Edge of chunks where nobody says another. */
const CHUNK = 128;
/** Chunks of arrays between stages are small, so that a halo reads little of its neighbours. */
const INNER_CHUNK = 48;

export const DEFAULT_CHUNK: Triple = [CHUNK, CHUNK, CHUNK];

/** Blocks of a node, in its own voxels, from those of the grid: a level of half the size has half the block. */
export function scaledBlock(block: Triple, gridShape: Triple, shape: Triple): Triple {
  return each((axis) => Math.max(1, Math.min(shape[axis]!, Math.round((block[axis]! * shape[axis]!) / gridShape[axis]!))));
}

/** The least block of whole objects that is as large as the one that is wanted, and not larger than the array needs. */
export function wholeObjects(block: Triple, object: Triple, shape: Triple): Triple {
  return each((axis) => {
    const most = ceilDiv(shape[axis]!, object[axis]!);
    return Math.min(ceilDiv(block[axis]!, object[axis]!), most) * object[axis]!;
  });
}

/** Chunks that divide a block: the largest ones that are small. */
export function innerChunk(block: Triple): Triple {
  return each((axis) => {
    for (let size = Math.min(INNER_CHUNK, block[axis]!); size >= 16; size--) if (block[axis]! % size === 0) return size;
    return block[axis]!;
  });
}

/** Voxels that are computed beside the block itself because of its halo, as a fraction of the block. */
export function haloShare(core: Triple, halo: Triple): number {
  const inner = core[0] * core[1] * core[2];
  const outer = core.reduce((volume, length, axis) => volume * (length + 2 * halo[axis]!), 1);
  return outer / inner - 1;
}
