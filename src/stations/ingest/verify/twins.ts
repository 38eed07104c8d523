import type { Triple } from "../../../core/box.js";
import { type DType, HOST_LITTLE_ENDIAN } from "../../../core/dtype.js";
import type { MrcHeader } from "../../../formats/mrc/header.js";
import { decodePlane } from "../../../formats/mrc/read.js";
import { type NumberArray, viewAs } from "../../../formats/zarr/elements.js";
import { type ArrayPlace, type Box3, openArray, type Reader, shapeOf } from "./array-place.js";
import { compareLevels } from "./levels.js";
import { type Above, cellsOf, type Frames, halved, type JobResult, slabsOf, type TwinComparison, withFrames } from "./work.js";

/** Compares the voxels of one object of level 0 with those of the MRC file beside the Zarr. */
export interface TwinJob {
  kind: "twin";
  mrc: string;
  header: Pick<MrcHeader, "dtype" | "littleEndian" | "shape" | "dataOffset">;
  array: ArrayPlace;
  /** `[z, y, x]` in the grid of objects. */
  position: Triple;
  /** Level 1, which tells which of two voxels is the odd one. */
  above?: Above | undefined;
}

/** Voxels whose odd one is looked for, of one object. */
const ASKED = 256;

type Numbers = Exclude<NumberArray, BigInt64Array | BigUint64Array>;

export function checkTwin(job: TwinJob, reader: Reader): Promise<JobResult> {
  return withFrames((frames) => checkTwinIn(frames, job, reader));
}

async function checkTwinIn(frames: Frames, { mrc, header, array, position, above }: TwinJob, reader: Reader): Promise<JobResult> {
  const own = openArray(array, reader, frames.own);
  const upper = above && openArray(above.array, reader, frames.upper);
  const room: MrcRoom = {};
  const twin: TwinComparison = { voxels: 0, wrong: 0, oddMrc: 0, oddZarr: 0 };
  const { dtype } = array.meta.type;
  for (const { box } of cellsOf(array, position)) {
    for (const slab of slabsOf(array, box)) {
      // what cannot be read is reported when its own bytes are checked
      const zarr = await own.read(slab).catch(() => undefined);
      const stored = await readMrcBox(mrc, header, slab, reader, room);
      if (!zarr || !stored) continue;
      const voxels = viewAs(zarr, dtype) as Numbers;
      twin.voxels += voxels.length;
      const differing = differences(stored, voxels);
      if (differing.length === 0) continue;
      const coarse = upper && (await upper.read(halved(slab, above.factors)).catch(() => undefined));
      for (const at of differing) {
        twin.wrong++;
        twin.first ??= { at: placeOf(at, slab), mrc: stored[at]!, zarr: voxels[at]! };
        if (!coarse || twin.wrong > ASKED) continue;
        const fits = (values: Numbers) => fitsAbove(values, at, slab, coarse, above!, dtype);
        const [mrcFits, zarrFits] = [fits(asType(stored, voxels)), fits(voxels)];
        if (mrcFits && !zarrFits) twin.oddZarr++;
        if (zarrFits && !mrcFits) twin.oddMrc++;
      }
    }
  }
  return { twin };
}

/** Memory for boxes of one size after another: as read, and as numbers. */
interface MrcRoom {
  rows?: Uint8Array;
  box?: Numbers;
}

/**
 * The voxels of a box of an MRC file, in C order; undefined if the file ends before. One request for the rows of each plane.
 *
 * @param room is written to; the voxels lie there.
 */
async function readMrcBox(
  key: string,
  { dtype, littleEndian, shape, dataOffset }: TwinJob["header"],
  { start, stop }: Box3,
  reader: Reader,
  room: MrcRoom,
): Promise<Numbers | undefined> {
  const [, ny, nx] = shape;
  const itemBytes = ITEM_BYTES[dtype]!;
  const [, rows, width] = shapeOf({ start, stop });
  let all: Numbers | undefined;
  for (let z = start[0]; z < stop[0]; z++) {
    const offset = dataOffset + (z * ny + start[1]) * nx * itemBytes;
    const length = rows * nx * itemBytes;
    if (room.rows?.length !== length) room.rows = new Uint8Array(length);
    const bytes = await reader.read(key, { offset, length }, (size) => room.rows!.subarray(0, size));
    if (bytes?.length !== length) return undefined;
    const plane = decodePlane(bytes, { dtype, littleEndian, shape: [1, rows, nx] });
    all ??= boxOf(room, plane, (stop[0] - start[0]) * rows * width);
    for (let y = 0; y < rows; y++)
      all.set(plane.subarray(y * nx + start[2], y * nx + stop[2]), ((z - start[0]) * rows + y) * width);
  }
  return all;
}

function boxOf(room: MrcRoom, like: Numbers, length: number): Numbers {
  if (room.box?.length !== length || room.box.constructor !== like.constructor)
    room.box = new (like.constructor as new (length: number) => Numbers)(length);
  return room.box;
}

/** Types of voxels that a tree's MRC files have. */
const ITEM_BYTES: Partial<Record<DType, number>> = { int8: 1, uint8: 1, int16: 2, uint16: 2, float32: 4 };

/** Places where two boxes differ. Where both have one type, in bits: a NaN equals itself, and 0 is not −0. */
function differences(a: Numbers, b: Numbers): number[] {
  const bytes = ({ buffer, byteOffset, byteLength }: Numbers) => new Uint8Array(buffer, byteOffset, byteLength);
  const isOneType = a.constructor === b.constructor;
  if (isOneType && Buffer.compare(bytes(a), bytes(b)) === 0) return [];
  const found: number[] = [];
  // an MRC of float32 has the nearest float32 of an integer
  const same = (at: number) => a[at] === b[at] || (a instanceof Float32Array && a[at] === Math.fround(b[at]!));
  for (let at = 0; at < b.length; at++) if (isOneType ? !Object.is(a[at], b[at]) : !same(at)) found.push(at);
  return found;
}

/** Whether level 1 is what it must be of the block around a voxel, to the last bit. */
function fitsAbove(values: Numbers, at: number, slab: Box3, coarse: Uint8Array, { factors, rule }: Above, dtype: DType): boolean {
  const shape = shapeOf(slab);
  const place = unravel(at, shape);
  const corner = place.map((p, axis) => p - (p % factors[axis]!)) as Triple;
  const size = corner.map((from, axis) => Math.min(factors[axis]!, shape[axis]! - from)) as Triple;
  const block = new (values.constructor as new (length: number) => Numbers)(size[0] * size[1] * size[2]);
  for (let z = 0, to = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++)
      for (let x = 0; x < size[2]; x++, to++)
        block[to] = values[((corner[0] + z) * shape[1] + corner[1] + y) * shape[2] + corner[2] + x]!;
  const coarseShape = shapeOf(halved(slab, factors));
  const above = viewAs(coarse, dtype) as Numbers;
  const [cz, cy, cx] = corner.map((from, axis) => from / factors[axis]!) as Triple;
  const one = (cz * coarseShape[1] + cy) * coarseShape[2] + cx;
  const bytes = (array: Numbers) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const { wrong, inexact } = compareLevels(bytes(block), size, bytes(above.slice(one, one + 1)), factors, rule, dtype);
  return wrong === 0 && inexact === 0;
}

/** The same numbers as another array holds them. */
function asType(values: Numbers, like: Numbers): Numbers {
  return values.constructor === like.constructor
    ? values
    : (like.constructor as unknown as { from(v: Numbers): Numbers }).from(values);
}

const unravel = (at: number, [, ny, nx]: Triple): Triple => [Math.floor(at / (ny * nx)), Math.floor(at / nx) % ny, at % nx];

function placeOf(at: number, slab: Box3): Triple {
  return unravel(at, shapeOf(slab)).map((p, axis) => p + slab.start[axis]!) as Triple;
}

/** True where bytes are compared as they stand. */
export const isComparable = ({ dtype }: Pick<MrcHeader, "dtype">): boolean =>
  ITEM_BYTES[dtype] !== undefined && HOST_LITTLE_ENDIAN;
