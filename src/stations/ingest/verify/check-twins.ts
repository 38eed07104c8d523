import type { Triple } from "../../../core/box.js";
import { isEmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { openObject } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { ChunkScene } from "./check-chunks.js";
import type { Hierarchy } from "./hierarchy.js";
import { objectsOfLevel } from "./hierarchy.js";
import { isComparable } from "./twins.js";
import type { TwinComparison } from "./work.js";

/**
 * The MRC file beside an OME-Zarr has the voxels of its level 0. They are compared, and level 1 tells which of two different
 * values is wrong. Bytes that a record has proven are not compared.
 *
 * @param folder folder of the Zarr; `tomo.zarr/` has its twin in `tomo.mrc`.
 */
export async function checkTwins({ folder, levels }: Hierarchy, scene: ChunkScene): Promise<void> {
  const { objects, context } = scene;
  const { store, findings, workers, threads, signal, tally } = context;
  const key = `${folder.replace(/\.zarr\/$/, "")}.mrc`;
  const [level] = levels;
  if (!level || !objects.has(key) || findings.isWrong(key)) return;
  const header = await readMrcHeader(await openObject(store, key, { signal })).catch((error: unknown) => {
    // that it is not an MRC is reported when its own bytes are checked
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return undefined;
    throw error;
  });
  if (!header || !isComparable(header)) return;
  const { shape } = level.place.meta;
  if (header.shape.join() !== shape.join()) {
    findings.add("twin", key, `${header.shape.join("×")} voxels, ${shape.join("×")} in ${folder}`);
    return;
  }
  const { dtype, littleEndian, dataOffset } = header;
  const job = { kind: "twin", mrc: key, header: { dtype, littleEndian, shape: header.shape, dataOffset } } as const;
  const above = level.above && { ...level.above, share: 1 };
  const all: { key: string; twin: TwinComparison }[] = [];
  await forEachLimited(objectsOfLevel(level), 2 * threads, async ({ key: object, position }) => {
    signal.throwIfAborted();
    if (findings.isWrong(object) || !context.isAsked(object)) return;
    const { twin } = await workers.run({ ...job, array: level.place, position, above });
    if (!twin) return;
    tally.twinVoxels += twin.voxels;
    if (twin.wrong > 0) all.push({ key: object, twin });
  });
  judge(key, all, scene);
}

function judge(mrc: string, all: readonly { key: string; twin: TwinComparison }[], { context: { findings } }: ChunkScene): void {
  for (const { key, twin } of all) {
    const { wrong, voxels, first, oddMrc, oddZarr } = twin;
    const { at, mrc: stored, zarr } = first!;
    const said = `${wrong} of ${counted(voxels, "voxel differs", "voxels differ")} between ${mrc} and ${key}: ${show(at)} is ${stored} there and ${zarr} here`;
    if (oddZarr > 0) findings.add("twin", key, `${said}; level 1 was made of the other`);
    if (oddMrc > 0) findings.add("twin", mrc, `${said}; level 1 was made of the other`);
    if (oddZarr + oddMrc > 0) continue;
    const unknown = `${said}; level 1 fits both, or neither`;
    findings.add("twin", mrc, unknown);
    findings.add("twin", key, unknown);
  }
}

const show = (at: Triple): string => `voxel ${at.join(",")}`;
