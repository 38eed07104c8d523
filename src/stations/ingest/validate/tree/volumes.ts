import { openObject } from "../../../../stores/store.js";
import { voxelBelow } from "../facts/chunks.js";
import { given, type Lazy, lazy, Undecided, unknown } from "../facts/fact.js";
import type { ImageFile } from "../facts/image-file.js";
import { readMrcFields } from "../facts/mrc.js";
import type { Tree } from "../facts/tree.js";
import { readVoxelFacts } from "../facts/voxels.js";
import { zarrFacts } from "../facts/zarr.js";
import type { Mark } from "../finding.js";
import type { MrcSubject, Role, Visit, VolumeSubject, ZarrSubject } from "../subjects.js";

/** Fields that all subjects of one entity share. */
export interface Whose {
  readonly mark: Mark;
  readonly title: string;
  readonly dataset: string | undefined;
  readonly run: string | undefined;
}

/**
 * The volumes of a folder, by base name: MRC files and Zarr folders of one name belong together.
 *
 * @param names names in the folder, those of folders without a slash.
 * @param spacing Å that their files should tell.
 */
export function volumesOf(
  tree: Tree,
  folder: string,
  names: readonly string[],
  { roleOf, spacing, ...whose }: Whose & { roleOf: (base: string) => Role; spacing: Lazy<number> },
): VolumeSubject[] {
  const bases = new Set(names.flatMap((name) => /^(.+)\.(?:mrc|zarr)$/.exec(name)?.[1] ?? []));
  return [...bases].map((base) => {
    const role = roleOf(base);
    const [mrcKey, zarrKey] = [`${folder}/${base}.mrc`, `${folder}/${base}.zarr`];
    const mrc = names.includes(`${base}.mrc`) ? mrcSubject(tree, mrcKey, { role, spacing, ...whose }) : undefined;
    const zarr = names.includes(`${base}.zarr`) ? zarrSubject(tree, zarrKey, { role, spacing, ...whose }) : undefined;
    const made = { isStack: role === "tiltseries", isEverySecond: role === "instances" };
    const below: VolumeSubject["voxelBelow"] = (chunk, level) => voxelBelow(tree, mrcKey, chunk, { level, ...made });
    return { ...whose, key: mrc ? mrcKey : zarrKey, role, mrc, zarr, voxelBelow: below };
  });
}

export function mrcSubject(tree: Tree, key: string, whose: Whose & { role: Role; spacing: Lazy<number> }): MrcSubject {
  const { store, signal } = tree;
  return {
    ...whose,
    key,
    fields: lazy("MRC file", () => readMrcFields(store, key, signal)),
    voxels: lazy("voxels of the MRC file", async () => readVoxelFacts(await openObject(store, key, { signal }), signal)),
  };
}

export function zarrSubject(tree: Tree, key: string, whose: Whose & { role: Role; spacing: Lazy<number> }): ZarrSubject {
  return { ...whose, key, ...zarrFacts(tree, key) };
}

/** A frame or gain reference that is an MRC file, as its header is checked. */
export function imageSubject({ key, facts }: ImageFile, whose: Whose & { role: Role; spacing: Lazy<number> }): MrcSubject {
  const fields = lazy("MRC file", async () => {
    const result = await facts();
    if (!("value" in result)) throw result.fault ?? new Undecided(result.why);
    return result.value.type === "mrc" ? result.value.fields : undefined;
  });
  return { ...whose, key, fields, voxels: unknown("no statistics of frames") };
}

export const isMrcName = (name: string): boolean => /\.mrcs?$/i.test(name);

export async function visitVolumes(volumes: readonly VolumeSubject[], visit: Visit): Promise<void> {
  for (const volume of volumes) {
    if (volume.mrc) await visit("mrc", volume.mrc);
    if (volume.zarr) await visit("zarr", volume.zarr);
    await visit("volume", volume);
  }
}

/** Å by the name of a folder `VoxelSpacing…`. */
export function spacingFact(name: string): Lazy<number> {
  const angstrom = Number(name);
  return name !== "" && Number.isFinite(angstrom) ? given(angstrom) : unknown("no spacing in the name of the folder");
}
