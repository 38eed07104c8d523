import type { ArrayDocument } from "../../../../arrays/stream/source/zarr-level.js";
import type { Triple } from "../../../../core/box.js";
import { readMrcHeader } from "../../../../formats/mrc/header.js";
import { decodePlaneValues, readMrcPlanes } from "../../../../formats/mrc/read.js";
import { chunkGrid, positions } from "../../../../formats/zarr/chunks.js";
import { parseZarray } from "../../../../formats/zarr/metadata.js";
import { parseZarrV3Array } from "../../../../formats/zarr/v3-metadata.js";
import { openObject } from "../../../../stores/store.js";
import { type ArrayPlace, objectKey } from "../../verify/array-place.js";
import type { Tree } from "./tree.js";

/** A chunk (a shard) that is not stored: it reads as the fill value. */
export interface AbsentChunk {
  readonly key: string;
  /** Voxels of its level, `[z, y, x]`, half-open. */
  readonly start: Triple;
  readonly stop: Triple;
}

/** Chunks of an array of three axes that are not stored; none of other arrays. One listing of its folder. */
export async function absentChunks(tree: Tree, { name, folder, document, isThird }: ArrayDocument): Promise<AbsentChunk[]> {
  const meta = isThird ? parseZarrV3Array(document, name) : parseZarray(document, name);
  if (meta.shape.length !== 3) return [];
  const place: ArrayPlace = { folder: `${folder}/`, meta };
  const stored = new Set<string>();
  for await (const entry of tree.store.list(`${folder}/`, { signal: tree.signal, onLink: tree.links.add })) stored.add(entry.key);
  const absent: AbsentChunk[] = [];
  for (const position of positions([0, 0, 0], chunkGrid(meta.shape, meta.chunks))) {
    const chunk = objectKey(place, position);
    if (stored.has(chunk)) continue;
    const start = position.map((at, axis) => at * meta.chunks[axis]!) as Triple;
    const stop = start.map((from, axis) => Math.min(from + meta.chunks[axis]!, meta.shape[axis]!)) as Triple;
    absent.push({ key: chunk, start, stop });
  }
  return absent;
}

/**
 * A voxel of the MRC file by which a chunk of a level cannot be all zeros, or undefined where there is none. Means and masks of any
 * hit are made of all voxels, levels of labels of every second one.
 *
 * @param made `isStack`: of images, whose levels keep their sections.
 * @returns `[z, y, x]` and its value.
 * Cost: the sections of the MRC file that the chunk was made of, up to the first such voxel.
 */
export async function voxelBelow(
  tree: Tree,
  mrcKey: string,
  { start, stop }: AbsentChunk,
  { level, isStack, isEverySecond }: { level: number; isStack: boolean; isEverySecond: boolean },
): Promise<{ at: Triple; value: number } | undefined> {
  const source = await openObject(tree.store, mrcKey, { signal: tree.signal });
  const header = await readMrcHeader(source, { signal: tree.signal });
  const factors = [isStack ? 1 : 2 ** level, 2 ** level, 2 ** level];
  const steps = isEverySecond ? factors : [1, 1, 1];
  const from = start.map((at, axis) => at * factors[axis]!);
  const to = stop.map((at, axis) => Math.min(at * factors[axis]!, header.shape[axis]!));
  for (let z = from[0]!; z < to[0]!; z += steps[0]!) {
    const values = decodePlaneValues(await readMrcPlanes(source, header, z, z + 1, { signal: tree.signal }), header);
    for (let y = from[1]!; y < to[1]!; y += steps[1]!) {
      for (let x = from[2]!; x < to[2]!; x += steps[2]!) {
        const value = values[y * header.shape[2] + x]!;
        if (value !== 0) return { at: [z, y, x], value };
      }
    }
  }
  return undefined;
}
