import { photoFolder } from "../../../model/layout.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Stat } from "../../../stores/store.js";
import { depositionOf } from "../identifiers.js";
import type { PlanContext } from "./context.js";
import type { ImportContext } from "./importer.js";

/** Runs whose pictures are looked for side by side. */
const RUNS_AT_ONCE = 32;

/** A picture of a tomogram, on the target or in this plan. */
export interface TomogramPicture {
  readonly key: string;
  readonly stat: Stat;
  /** The task of this plan that makes it. */
  readonly maker?: string | undefined;
}

/**
 * The picture of the first tomogram that has one: datasets and runs by name, then spacings and ids by number. It does not depend
 * on which runs this import writes, nor on what others have added, so imports in any order finally choose the same one.
 *
 * @param name `snapshot`.
 */
export async function firstPicture(context: ImportContext, name: string): Promise<TomogramPicture | undefined> {
  const { datasets, depositionId } = context;
  const file = `key-photo-${name}.png`;
  const planned = context.draft.tasks.flatMap(({ id, outputs }) =>
    outputs.filter((key) => key.endsWith(`/${file}`)).map((key) => ({ key, stat: { size: 0 }, maker: id })),
  );
  const ofRun = async (run: string): Promise<TomogramPicture | undefined> => {
    const pictures = new Map<string, TomogramPicture>();
    for (const one of await storedPictures(context, run, file, depositionId)) pictures.set(one.key, one);
    for (const one of planned) if (one.key.startsWith(`${run}/`)) pictures.set(one.key, one);
    return [...pictures.values()].sort((a, b) => compareTomograms(a.key, b.key))[0];
  };
  for (const dataset of [...datasets].sort(compareKeys)) {
    const runs = await runsOf(context, dataset, planned);
    for (let at = 0; at < runs.length; at += RUNS_AT_ONCE) {
      const found = await Promise.all(runs.slice(at, at + RUNS_AT_ONCE).map(ofRun));
      const first = found.find((one) => one !== undefined);
      if (first) return first;
    }
  }
  return undefined;
}

/** Folders of a dataset's runs that are on the target or get pictures in this plan, by name. */
async function runsOf(context: PlanContext, dataset: string, planned: readonly TomogramPicture[]): Promise<string[]> {
  const stored = (await foldersIn(context, `${dataset}/`)).map((key) => key.slice(0, -1));
  const depth = dataset.split("/").length + 1;
  const made = planned
    .filter(({ key }) => key.startsWith(`${dataset}/`))
    .map(({ key }) => key.split("/").slice(0, depth).join("/"));
  return [...new Set([...stored, ...made])].filter((run) => run !== photoFolder(dataset)).sort(compareKeys);
}

/** Stored pictures of tomograms whose metadata name this deposition or none. */
async function storedPictures(context: PlanContext, run: string, file: string, depositionId: string): Promise<TomogramPicture[]> {
  const pictures: TomogramPicture[] = [];
  for (const spacing of await foldersIn(context, `${run}/Reconstructions/`)) {
    for (const folder of await foldersIn(context, `${spacing}Images/`)) {
      const entry = await context.target.child(folder, file);
      if (entry && !entry.key.endsWith("/")) pictures.push({ key: entry.key, stat: entry });
    }
  }
  if (pictures.length === 0) return pictures;
  const others = (await context.stored(run, "tomogram"))
    .filter(({ metadata }) => depositionOf(metadata, depositionId) !== depositionId)
    .map(({ id }) => String(id));
  return pictures.filter(({ key }) => !others.includes(key.split("/").at(-2)!));
}

/** Folders directly in a folder, if that is there at all. */
async function foldersIn({ target }: PlanContext, folder: string): Promise<string[]> {
  const parts = folder.split("/").slice(0, -1);
  for (let depth = 2; depth <= parts.length; depth++) {
    const holder = parts.slice(0, depth - 1).join("/");
    if (!(await target.child(`${holder}/`, parts[depth - 1]!))?.key.endsWith("/")) return [];
  }
  return (await target.children(folder)).map(({ key }) => key).filter((key) => key.endsWith("/"));
}

/**
 * Orders by the numbers of spacing and tomogram: `…/VoxelSpacing4.990/Images/100/…` before `…/VoxelSpacing10.012/Images/99/…`.
 */
function compareTomograms(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  return left.spacing - right.spacing || left.id - right.id || compareKeys(a, b);
}

function numbersOf(key: string): { spacing: number; id: number } {
  const [, spacing, id] = /\/VoxelSpacing(\d+\.?\d*)\/Images\/(\d+)\/[^/]+$/.exec(key) ?? [];
  return { spacing: Number(spacing ?? Number.MAX_VALUE), id: Number(id ?? Number.MAX_VALUE) };
}
