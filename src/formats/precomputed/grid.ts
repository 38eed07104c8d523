import { type Box, ceilDiv, type Triple } from "../../core/box.js";

/** Chunks along each axis. */
export function chunkGridOf(shape: Triple, chunk: Triple): Triple {
  return shape.map((length, axis) => ceilDiv(length, chunk[axis]!)) as Triple;
}

/** The boxes of all chunks, x fastest, counted from the volume's first voxel. */
export function* chunkBoxes(shape: Triple, chunk: Triple): Generator<Box> {
  const [nz, ny, nx] = chunkGridOf(shape, chunk);
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) yield chunkBox([z, y, x], shape, chunk);
}

/** The box of one chunk. The last of an axis ends with the volume. */
export function chunkBox(cell: Triple, shape: Triple, chunk: Triple): Box {
  const start = cell.map((at, axis) => at * chunk[axis]!) as Triple;
  return { start, stop: start.map((from, axis) => Math.min(from + chunk[axis]!, shape[axis]!)) as Triple };
}

/** File name of a chunk: `x0-x1_y0-y1_z0-z1`, ends excluded, the volume's offset included. */
export function chunkName({ start, stop }: Box, offset: Triple = [0, 0, 0]): string {
  return [2, 1, 0].map((axis) => `${start[axis]! + offset[axis]!}-${stop[axis]! + offset[axis]!}`).join("_");
}

/** Voxels of a chunk by its file name, the volume's offset included; undefined for other names. */
export function parseChunkName(name: string): Box | undefined {
  const found = /^(-?\d{1,15})-(-?\d{1,15})_(-?\d{1,15})-(-?\d{1,15})_(-?\d{1,15})-(-?\d{1,15})$/.exec(name);
  if (!found) return undefined;
  const [x0, x1, y0, y1, z0, z1] = found.slice(1).map(Number) as [number, number, number, number, number, number];
  return { start: [z0, y0, x0], stop: [z1, y1, x1] };
}

/**
 * The id of a chunk in a sharded volume: interleaved bits of x, y and z, as many as the grid needs (compressed Morton code).
 *
 * @param cell position in the grid, `[z, y, x]`.
 */
export function mortonCode(cell: Triple, grid: Triple): bigint {
  let code = 0n;
  let bit = 0n;
  for (let level = 0; grid.some((cells) => 2 ** level < cells); level++) {
    for (const axis of [2, 1, 0]) {
      if (2 ** level >= grid[axis]!) continue;
      code |= BigInt(Math.floor(cell[axis]! / 2 ** level) % 2) << bit;
      bit++;
    }
  }
  return code;
}

/** Bits that the codes of a grid have. */
export function mortonBits(grid: Triple): number {
  return grid.reduce((bits, cells) => bits + Math.ceil(Math.log2(cells)), 0);
}
