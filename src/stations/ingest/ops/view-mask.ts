import { openZarrLevel, type ZarrLevel } from "../../../arrays/stream/source/zarr-level.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Operation, TaskContext } from "../../../engine/task.js";
import {
  meshFragmentKey,
  meshManifestKey,
  printLegacyMeshInfo,
  printMeshManifest,
} from "../../../formats/precomputed/legacy-mesh.js";
import { printSegmentationInfo, segmentationChunks, statedVoxelSizeNm } from "../../../formats/precomputed/segmentation.js";
import type { NumberArray } from "../../../formats/zarr/elements.js";
import { freeingBuffers } from "../../../system/garbage.js";
import { forEachLimited } from "../../../system/parallel.js";
import { haloed } from "../views/halo.js";
import { type PackedPlace, packedPlaces } from "../views/packed-surface.js";
import { onThread } from "../views/threads.js";
import { viewMaskMemory } from "./memory.js";
import { type ViewFolder, viewFolder } from "./view-folder.js";

/** A mask of the target as a layer for Neuroglancer, with the surfaces of its labels. */
export interface ViewMaskParams {
  /** Key of the mask's OME-Zarr. */
  zarr: string;
  /** Key of the layer's folder, with a slash at its end. */
  folder: string;
  voxelSpacingAngstrom: number;
}

/** Triangles of one label beyond which no surface is made: that of noise. */
const SURFACE_TRIANGLES_MAX = 30_000_000;
/** Bytes that decoded chunks may leave before they are freed. */
const CHUNKS_BYTES_MAX = 8 * 2 ** 20;

/**
 * Writes the chunks of a mask and a surface for each label, chunk by chunk, in bounded memory. Finished chunks are kept in
 * scratch space: a later attempt resumes after them.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for voxels that are no labels.
 */
export const viewMaskOperation: Operation = async ({ params, bytes }, context) => {
  const { zarr, folder, voxelSpacingAngstrom } = params as unknown as ViewMaskParams;
  const level = await openZarrLevel(context.target, zarr, "finest", context.signal);
  const made = await viewFolder(context, folder);
  const pieces = await viewFolder(context, folder, "surfaces");
  const jobs = jobsAtOnce(level.shape, context);
  await makeChunks(level, made, pieces, { context, jobs, bytes });
  const surfaces = await placesOf(level.shape, pieces);
  const voxelNm = statedVoxelSizeNm(voxelSpacingAngstrom);
  let triangles = 0;
  const tooLarge: number[] = [];
  await forEachLimited(surfaces, jobs, async ([label, places]) => {
    const own = await makeSurface(label, places, voxelNm, { made, pieces, context });
    if (own === undefined) tooLarge.push(label);
    else triangles += own;
  });
  const mesh = surfaces.size > tooLarge.length;
  if (mesh) await made.put("mesh/info", printLegacyMeshInfo());
  await made.put("info", printSegmentationInfo({ shape: level.shape, voxelSpacingAngstrom, mesh }));
  context.progress(bytes);
  const warnings = tooLarge
    .sort((a, b) => a - b)
    .map((label) => `${level.name}: the surface of label ${label} has too many triangles to be shown, it is left out`);
  return { outputs: [await made.publish()], facts: { labels: surfaces.size, triangles }, warnings };
};

function jobsAtOnce(shape: Triple, { threads, memoryBytes }: TaskContext): number {
  const one = viewMaskMemory(shape, 1);
  const another = viewMaskMemory(shape, 2) - one;
  return Math.max(1, Math.min(threads, 1 + Math.floor((memoryBytes - one) / another)));
}

interface Going {
  context: TaskContext;
  jobs: number;
  bytes: number;
}

/** Reads are in the order of chunks, because each needs the last layers of those before it; the work on them is not. */
async function makeChunks(
  level: ZarrLevel,
  made: ViewFolder,
  pieces: ViewFolder,
  { context, jobs, bytes }: Going,
): Promise<void> {
  const { signal, progress } = context;
  const total = volumeOf(level.shape);
  let done = 0;
  const free = freeingBuffers(CHUNKS_BYTES_MAX);
  const chunks = haloed(level.shape, segmentationChunks(level.shape), async (box) => labelsOf(await level.read(box), level, box));
  await forEachLimited(chunks, jobs, async ({ key, chunk, samples, labels }) => {
    signal.throwIfAborted();
    if (!(await pieces.has(key)) || !(await made.has(key))) {
      // the chunk as it was decoded and read
      free();
      const { body, surfaces } = await onThread("chunk", { labels, samples, chunk }, { signal, transfer: [labels.buffer] });
      await made.put(key, body);
      await pieces.put(key, surfaces);
    }
    done += volumeOf(boxShape(chunk));
    // surfaces that are put together from all chunks are the rest
    progress(0.9 * bytes * (done / total));
  });
}

/** Labels as unsigned integers. @throws {EmporiumError} FORMAT_UNSUPPORTED, FORMAT_FIELD for one below 0. */
function labelsOf(voxels: NumberArray, { name, dtype }: ZarrLevel, box: Box): Uint8Array | Uint16Array | Uint32Array {
  if (voxels instanceof Uint8Array || voxels instanceof Uint16Array || voxels instanceof Uint32Array) return voxels;
  if (!(voxels instanceof Int8Array || voxels instanceof Int16Array || voxels instanceof Int32Array)) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: voxels are ${dtype}, labels are whole numbers of 32 bits at most`, {
      place: { file: name },
    });
  }
  const bad = voxels.findIndex((value) => value < 0);
  if (bad >= 0) {
    throw new EmporiumError("FORMAT_FIELD", `${name}: a voxel is ${voxels[bad]}, labels are whole numbers from 0`, {
      place: { file: name, path: `near ${box.start.join(",")}` },
    });
  }
  if (voxels instanceof Int8Array) return new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.length);
  if (voxels instanceof Int16Array) return new Uint16Array(voxels.buffer, voxels.byteOffset, voxels.length);
  return new Uint32Array(voxels.buffer, voxels.byteOffset, voxels.length);
}

interface PiecePlace extends PackedPlace {
  key: string;
}

/** The pieces of each label's surface, by label. */
async function placesOf(shape: Triple, pieces: ViewFolder): Promise<Map<number, PiecePlace[]>> {
  const labels = new Map<number, PiecePlace[]>();
  for (const { key } of segmentationChunks(shape)) {
    for (const place of packedPlaces(await pieces.get(key))) {
      const known = labels.get(place.label);
      if (known) known.push({ ...place, key });
      else labels.set(place.label, [{ ...place, key }]);
    }
  }
  return new Map([...labels].sort(([a], [b]) => a - b));
}

/** @returns number of triangles of the surface; undefined where it is too large to be put together. */
async function makeSurface(
  label: number,
  places: readonly PiecePlace[],
  voxelNm: number,
  { made, pieces, context }: { made: ViewFolder; pieces: ViewFolder; context: TaskContext },
): Promise<number | undefined> {
  const { signal } = context;
  signal.throwIfAborted();
  if (places.reduce((sum, place) => sum + place.triangles, 0) > SURFACE_TRIANGLES_MAX) return undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const { key, offset, length } of places) parts.push(await pieces.get(key, { offset, length }));
  const transfer = parts.map((part) => part.buffer);
  const { body, triangles } = await onThread("surface", { parts, voxelNm }, { signal, transfer });
  await made.put(`mesh/${meshFragmentKey(label)}`, body);
  await made.put(`mesh/${meshManifestKey(label)}`, printMeshManifest(label));
  return triangles;
}
