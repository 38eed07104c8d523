import { EmporiumError } from "../../../../core/errors.js";
import { datasetMetadataKey, depositionFolder, depositionMetadataKey, photoFolder } from "../../../../model/layout.js";
import { nameFault } from "../../../../model/names.js";
import { emptyHint } from "../../../../stores/store.js";
import { mapLimit } from "../../../../system/parallel.js";
import { foldersIn, type Tree, treeOf } from "../facts/tree.js";
import { relativeOf } from "../scale/collect.js";
import type { ScaleSubject, Visit } from "../subjects.js";
import type { Expectations } from "./expectations.js";
import { visitPhotos } from "./photos.js";
import { visitRun } from "./run.js";
import { documentOf, type TreeWalk } from "./walk.js";

/** Runs whose folders and headers are read side by side. */
const RUNS_AT_ONCE = 8;

/**
 * Finds everything in a tree of the portal and shows it to the checks: datasets one after another, a few of their runs at once.
 *
 * @throws {EmporiumError} CONFIG_EMPTY where there is no dataset, or none that the filters let through
 */
export async function visitStandardized(options: Omit<TreeWalk, "hasDeposition">): Promise<void> {
  const { store, selection, expectations, signal } = options;
  const root = treeOf(store, signal);
  const linked = new Set<string>();
  const walk: TreeWalk = {
    ...options,
    async hasDeposition(id) {
      linked.add(id);
      return nameFault(id) === undefined && root.exists(depositionMetadataKey(id));
    },
  };
  const depositions = depositionFolder("").slice(0, -1);
  const all = (await foldersIn(root, "")).filter((name) => name !== depositions && (expectations?.datasets?.has(name) ?? true));
  const datasets = all.filter((name) => selection.accepts("dataset", name));
  if (datasets.length === 0) throw noDataset(store.url, all.length, expectations);
  for (const dataset of datasets) await visitDataset(dataset, walk);
  // a look at a part of a tree asks for the depositions of that part
  const isWhole = expectations?.datasets === undefined && datasets.length === all.length;
  const named = isWhole ? [...new Set([...(await foldersIn(root, depositions)), ...linked])] : [...linked];
  for (const id of named.toSorted()) {
    if (selection.accepts("deposition", id) && nameFault(id) === undefined) await visitDeposition(id, root, walk);
  }
}

function noDataset(url: string, found: number, expectations: Expectations | undefined): EmporiumError {
  const why = found > 0 ? `none of ${found} datasets passes the filters` : "there is no folder of a dataset";
  const hint = expectations?.datasets
    ? "check that the configuration is that of this tree"
    : emptyHint(url, "name the folder above the datasets");
  return new EmporiumError("CONFIG_EMPTY", `${url}: ${why}, nothing would be looked at`, { hint });
}

async function visitDataset(dataset: string, walk: TreeWalk): Promise<void> {
  const { store, signal, selection, expectations, visit } = walk;
  const tree = treeOf(store, signal);
  const whose = { mark: "dataset", title: `dataset ${dataset}`, dataset } as const;
  const metadata = tree.metadata(datasetMetadataKey(dataset), "metadata of the dataset");
  const pictures = photoFolder(dataset).split("/").at(-1);
  const runs = (await foldersIn(tree, dataset)).filter((name) => name !== pictures);
  const runsWanted = (await expectations?.runs(dataset)) ?? [];
  await visit("dataset", { ...whose, key: dataset, metadata, runs, runsWanted });
  await visit("document", documentOf(metadata, datasetMetadataKey(dataset), { ...walk, ...tree }, { ...whose, basic: true }));
  await visitPhotos(tree, metadata, "key_photos", { ...whose, role: () => "key-photo" }, walk);
  const wanted = runs.filter((name) => selection.accepts("run", name));
  const tomograms = (await mapLimit(wanted, RUNS_AT_ONCE, (run) => visitRun(dataset, run, walk))).flat();
  await visitScales(tomograms, visit);
}

/** Spacings are compared once all runs of a dataset are known. */
export async function visitScales(tomograms: readonly ScaleSubject[], visit: Visit): Promise<void> {
  const relatives = tomograms.map(({ key, scale }) => relativeOf(key, scale));
  for (const [i, subject] of tomograms.entries()) {
    const others = relatives.filter((relative, at) => relative !== undefined && at !== i);
    await visit("scale", { ...subject, scale: { ...subject.scale, others: others as typeof subject.scale.others } });
  }
}

async function visitDeposition(id: string, tree: Tree, walk: TreeWalk): Promise<void> {
  const key = depositionMetadataKey(id);
  // where it is absent those that name it say so
  if (!(await tree.exists(key))) return;
  const whose = { mark: "deposition", title: `deposition ${id}` } as const;
  const metadata = tree.metadata(key, "metadata of the deposition");
  await walk.visit("deposition", { ...whose, key: depositionFolder(id), metadata });
  await walk.visit("document", documentOf(metadata, key, { ...walk, ...tree }, { ...whose, basic: true, links: false }));
  await visitPhotos(tree, metadata, "key_photos", { ...whose, role: () => "key-photo" }, walk);
}
