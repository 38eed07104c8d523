import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import { datasetMetadataKey, depositionFolder, depositionMetadataKey, photoFolder } from "../../../../model/layout.js";
import { nameFault } from "../../../../model/names.js";
import { emptyHint, type UnfollowedLink } from "../../../../stores/store.js";
import { foldersIn, type Tree, treeOf } from "../facts/tree.js";
import { relativeOf } from "../scale/collect.js";
import type { ScaleSubject, Visit } from "../subjects.js";
import type { Expectations } from "./expectations.js";
import { type LinkOwner, tellLinksBelow, visitLinks } from "./links.js";
import { visitPhotos } from "./photos.js";
import { visitRun } from "./run.js";
import { documentOf, type Look, type Scene, type TreeWalk } from "./walk.js";

/**
 * Finds the datasets of a tree of the portal.
 *
 * @throws {EmporiumError} CONFIG_EMPTY where there is no dataset, or none that the filters let through
 */
export async function standardizedScene(
  options: Omit<TreeWalk, "hasDeposition" | "visit" | "onLink">,
): Promise<Omit<Scene, "unused">> {
  const { store, selection, expectations, signal } = options;
  const root = treeOf(store, signal);
  const walk = ({ visit, link, onLink }: Look): TreeWalk => ({
    ...options,
    visit,
    onLink,
    async hasDeposition(id) {
      link(id);
      return nameFault(id) === undefined && root.exists(depositionMetadataKey(id));
    },
  });
  const depositions = depositionFolder("").slice(0, -1);
  const all = (await foldersIn(root, "")).filter((name) => name !== depositions && (expectations?.datasets?.has(name) ?? true));
  const datasets = all.filter((name) => selection.accepts("dataset", name));
  if (datasets.length === 0) throw noDataset(root, all.length, expectations);
  const wantedOf = (runs: readonly string[]) => runs.filter((run) => selection.accepts("run", run));
  return {
    begin: async () => {},
    datasets: datasets.map((name) => ({
      name,
      runs: async () => wantedOf(await runsOf(treeOf(store, signal), name)),
      look: async (look) => wantedOf(await visitDataset(name, walk(look))),
      lookAtRun: (run, look) => visitRun(name, run, walk(look)),
    })),
    async end({ linked, links }, look) {
      // a look at a part of a tree asks for the depositions of that part
      const isWhole = expectations?.datasets === undefined && datasets.length === all.length;
      const named = isWhole ? [...new Set([...(await foldersIn(root, depositions)), ...linked])] : [...linked];
      for (const id of named.toSorted()) {
        if (selection.accepts("deposition", id) && nameFault(id) === undefined) await visitDeposition(id, root, walk(look));
      }
      if (isWhole) await tellLinksBelow(store, depositions, look, signal);
      const isTop = ({ key }: UnfollowedLink) => !key.includes("/") && (isWhole || expectations?.datasets?.has(key) === true);
      const met = new Map([...root.links.all.filter(isTop), ...links.all].map((one) => [one.key, one]));
      await visitLinks([...met.values()], ownerOf, look);
    },
  };
}

function noDataset({ store: { url }, links }: Tree, found: number, expectations: Expectations | undefined): EmporiumError {
  const told = links.told("it");
  const why = found > 0 ? `none of ${counted(found, "dataset")} passes the filters` : "there is no folder of a dataset";
  const hint = expectations?.datasets
    ? "check that the configuration is that of this tree"
    : emptyHint(url, "name the folder above the datasets");
  return new EmporiumError("CONFIG_EMPTY", `${url}: ${why}, nothing would be looked at${told === undefined ? "" : `; ${told}`}`, {
    hint,
  });
}

/** The run, dataset or tree whose folder a link lies in. */
function ownerOf({ key }: UnfollowedLink): LinkOwner {
  const [dataset, run, ...more] = key.split("/");
  if (run === undefined || dataset === depositionFolder("").slice(0, -1))
    return { mark: "deposition", title: "the tree", key: "" };
  const ofDataset = { mark: "dataset", title: `dataset ${dataset}`, key: dataset!, dataset } as const;
  if (more.length === 0 || `${dataset}/${run}` === photoFolder(dataset!)) return ofDataset;
  return { mark: "run", title: `run ${run}`, key: `${dataset}/${run}`, dataset, run };
}

/** @returns names of all its runs */
async function visitDataset(dataset: string, walk: TreeWalk): Promise<string[]> {
  const { store, signal, expectations, visit } = walk;
  const tree = treeOf(store, signal);
  const whose = { mark: "dataset", title: `dataset ${dataset}`, dataset } as const;
  const metadata = tree.metadata(datasetMetadataKey(dataset), "metadata of the dataset");
  const runs = await runsOf(tree, dataset);
  const runsWanted = (await expectations?.runs(dataset)) ?? [];
  await visit("dataset", { ...whose, key: dataset, metadata, runs, runsWanted });
  await visit("document", documentOf(metadata, datasetMetadataKey(dataset), { ...walk, ...tree }, { ...whose, basic: true }));
  await visitPhotos(tree, metadata, "key_photos", { ...whose, role: () => "key-photo" }, walk);
  await tellLinksBelow(store, photoFolder(dataset), walk, signal);
  for (const link of tree.links.all) walk.onLink(link);
  return runs;
}

async function runsOf(tree: Tree, dataset: string): Promise<string[]> {
  const pictures = photoFolder(dataset).split("/").at(-1);
  return (await foldersIn(tree, dataset)).filter((name) => name !== pictures);
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
