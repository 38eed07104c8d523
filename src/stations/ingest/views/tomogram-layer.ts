import { contrastSections } from "../../../arrays/contrast/limits.js";
import { integerRange } from "../../../arrays/operators/voxels.js";
import { openZarrLevel } from "../../../arrays/stream/source/zarr-level.js";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { roundHalfEven, toNumber } from "../../../core/number.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { layerUrl, type TomogramLayer } from "../../../formats/precomputed/state.js";
import { openObject, type Store } from "../../../stores/store.js";
import { freeingBuffers } from "../../../system/garbage.js";
import { onThread } from "./threads.js";

/** Bytes of the sections in one read. Each read decodes the chunks of 256 sections that contain them, 64 MiB each. */
const PIECE_BYTES = 16 * 2 ** 20;

/**
 * Display settings of a tomogram: sections with the mean and deviation of the MRC's header, renderings with limits from the
 * coarsest level of the OME-Zarr. Without an MRC, or if its header has none, the values of the level are used.
 *
 * @param metadata metadata of the tomogram, as they are on the target.
 * @param options `name` for messages; `compat`: limits of renderings are found in single precision, as the reference does.
 * @throws {EmporiumError} STORE_ABSENT without the OME-Zarr, which viewers read; METADATA_VALUE if the metadata name none.
 */
export async function tomogramLayer(
  target: Store,
  metadata: JsonObject,
  { urlPrefix, name, compat }: { urlPrefix: string; name: string; compat: boolean },
  signal: AbortSignal,
): Promise<TomogramLayer> {
  const { omezarr_dir: zarr, mrc_file: mrc, run_name: run } = metadata;
  if (typeof zarr !== "string") throw new EmporiumError("METADATA_VALUE", `${name} names no omezarr_dir, a view needs one`);
  const finest = await openZarrLevel(target, zarr, "finest", signal);
  const free = freeingBuffers(PIECE_BYTES);
  const { slab, shape } = await readSlab(target, zarr, signal);
  free(); // a chunk and what it was decoded from can be as large as all that the limits are found with
  const header = typeof mrc === "string" ? await headerFacts(target, mrc, signal) : undefined;
  const { mean, deviation } = header?.values ?? statisticsOf(slab);
  const spacing = header?.spacingAngstrom ?? toNumber(metadata.voxel_spacing) ?? finest.voxelSizeAngstrom[2];
  if (spacing === undefined) throw new EmporiumError("METADATA_VALUE", `${name}: the voxel size is unknown`);
  return {
    name: typeof run === "string" ? run : zarr.slice(zarr.lastIndexOf("/") + 1).replace(/\.zarr$/, ""),
    url: layerUrl(urlPrefix, zarr),
    spacingAngstrom: roundHalfEven(spacing, 3),
    shape: finest.shape,
    mean,
    deviation,
    typeRange: integerRange(finest.dtype),
    limits3d: await onThread(
      "contrast",
      { slab, shape, method: compat ? "gmm-single" : "gmm" },
      { signal, transfer: [slab.buffer] },
    ),
  };
}

/** The middle sections of the coarsest level. */
async function readSlab(target: Store, zarr: string, signal: AbortSignal) {
  const level = await openZarrLevel(target, zarr, "coarsest", signal);
  const [nz, ny, nx] = level.shape;
  const { start, stop } = contrastSections(nz);
  const slab = new Float32Array((stop - start) * ny * nx);
  const atOnce = Math.max(1, Math.floor(PIECE_BYTES / (4 * ny * nx)));
  const free = freeingBuffers(PIECE_BYTES);
  for (let z = start; z < stop; z += atOnce) {
    const box = { start: [z, 0, 0], stop: [Math.min(z + atOnce, stop), ny, nx] } as const;
    const voxels = await level.read({ start: [...box.start], stop: [...box.stop] });
    for (let i = 0; i < voxels.length; i++) slab[(z - start) * ny * nx + i] = Number(voxels[i]);
    free();
  }
  return { slab, shape: level.shape };
}

/** Voxel size in Å, mean and deviation from the header of an MRC that we wrote; undefined where there is none. */
async function headerFacts(target: Store, mrc: string, signal: AbortSignal) {
  if (!(await target.stat(mrc, { signal }))) return undefined;
  const { dmin, dmax, dmean, rms, voxelSizeAngstrom } = await readMrcHeader(await openObject(target, mrc, { signal }), {
    signal,
  });
  const isComputed = dmin <= dmax && rms >= 0 && Number.isFinite(dmean) && Number.isFinite(rms);
  return { spacingAngstrom: voxelSizeAngstrom[2], values: isComputed ? { mean: dmean, deviation: rms } : undefined };
}

/** Mean and standard deviation of the finite values. */
function statisticsOf(values: Float32Array): { mean: number; deviation: number } {
  let [count, sum, squares] = [0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
  }
  const mean = count > 0 ? sum / count : 0;
  for (const value of values) if (Number.isFinite(value)) squares += (value - mean) ** 2;
  return { mean, deviation: count > 0 ? Math.sqrt(squares / count) : 0 };
}
