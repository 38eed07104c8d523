import { volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { MRC_HEADER_BYTES, parseMrcHeader } from "../../../formats/mrc/header.js";
import { requireRealVolume } from "../../../formats/mrc/meaning.js";
import { decodePlaneValues, readMrcPlanes } from "../../../formats/mrc/read.js";
import { objectName, openObject, type Store } from "../../../stores/store.js";
import type { Slab } from "../plan/geometry.js";
import { openZarrLevel } from "./zarr-level.js";

/** Bytes of planes that are read at once. */
const PIECE_BYTES = 16 * 2 ** 20;

/** The sum of some planes of a volume. */
export interface SlabSum {
  readonly height: number;
  readonly width: number;
  /** Planes of the volume. */
  readonly planes: number;
  readonly slab: Slab;
  /** Rows one after the other. */
  readonly sum: Float32Array;
}

/**
 * Adds up some planes of a volume that has been written: of its MRC, where they lie together, else of level 0 of its OME-Zarr.
 *
 * @param files keys of the MRC and of the Zarr's folder; what is null is not looked for.
 * @param slabOf which planes, of so many.
 * @returns undefined where neither is there.
 * @throws {EmporiumError} FORMAT_… of the readers
 */
export async function readSlab(
  store: Store,
  { mrc, zarr }: { mrc: string | null; zarr: string | null },
  slabOf: (planes: number) => Slab,
  signal?: AbortSignal,
): Promise<SlabSum | undefined> {
  if (mrc !== null && (await store.stat(mrc, { signal }))) return readMrcSlab(store, mrc, slabOf, signal);
  if (zarr === null) return undefined;
  const root = zarr.replace(/\/+$/, "");
  const documents = [".zattrs", "zarr.json"];
  for (const name of documents)
    if (await store.stat(`${root}/${name}`, { signal })) return readZarrSlab(store, root, slabOf, signal);
  return undefined;
}

async function readMrcSlab(
  store: Store,
  key: string,
  slabOf: (planes: number) => Slab,
  signal: AbortSignal | undefined,
): Promise<SlabSum> {
  const object = await openObject(store, key, { signal });
  const head = await object.read({ offset: 0, length: MRC_HEADER_BYTES }, { signal });
  const header = parseMrcHeader(head, { name: object.name });
  requireRealVolume(header, object.name);
  const [planes, height, width] = header.shape;
  const slab = slabOf(planes);
  const sum = new Float32Array(height * width);
  const atOnce = Math.max(1, Math.floor(PIECE_BYTES / header.sectionBytes));
  for (let z = slab.z0; z < slab.z1; z += atOnce) {
    signal?.throwIfAborted();
    const end = Math.min(slab.z1, z + atOnce);
    const bytes = await readMrcPlanes(object, header, z, end, { signal });
    for (let plane = 0; plane < end - z; plane++) {
      const section = bytes.subarray(plane * header.sectionBytes, (plane + 1) * header.sectionBytes);
      add(sum, 0, decodePlaneValues(section, header), z + plane === slab.z0);
    }
  }
  return { height, width, planes, slab, sum };
}

async function readZarrSlab(
  store: Store,
  root: string,
  slabOf: (planes: number) => Slab,
  signal: AbortSignal | undefined,
): Promise<SlabSum> {
  const level = await openZarrLevel(store, root, "finest", signal);
  const [planes, height, width] = level.shape;
  const slab = slabOf(planes);
  const sum = new Float32Array(height * width);
  const atOnce = Math.max(256, Math.floor(PIECE_BYTES / Math.max(1, 4 * width * (slab.z1 - slab.z0)) / 256) * 256);
  for (let y = 0; y < height; y += atOnce) {
    signal?.throwIfAborted();
    const rows = Math.min(atOnce, height - y);
    const voxels = await level.read({ start: [slab.z0, y, 0], stop: [slab.z1, y + rows, width] });
    if (voxels.length !== volumeOf([slab.z1 - slab.z0, rows, width]) || typeof voxels[0] === "bigint") {
      throw new EmporiumError(
        "FORMAT_UNSUPPORTED",
        `${objectName(store, root)}: voxels of type ${level.dtype} are not added up`,
        {
          place: { file: objectName(store, root) },
        },
      );
    }
    const numbers = voxels as Exclude<typeof voxels, BigInt64Array | BigUint64Array>;
    for (let plane = 0; plane < slab.z1 - slab.z0; plane++) {
      add(sum, y * width, numbers.subarray(plane * rows * width, (plane + 1) * rows * width), plane === 0);
    }
  }
  return { height, width, planes, slab, sum };
}

function add(sum: Float32Array, at: number, plane: ArrayLike<number>, isFirst: boolean): void {
  if (isFirst) sum.set(plane, at);
  else for (let i = 0; i < plane.length; i++) sum[at + i]! += plane[i]!;
}
