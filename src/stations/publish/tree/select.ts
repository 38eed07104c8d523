import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { LIMITS } from "../../../core/limits.js";
import { nearest } from "../../../core/nearest.js";
import { type PathFilter, pathFilter } from "../../../core/path-filter.js";
import { compilePattern } from "../../../engine/pattern.js";
import { ENGINE_FOLDER } from "../../../engine/plan.js";
import { isPartName } from "../../../stores/keys.js";
import { emptyHint, objectName, type Store } from "../../../stores/store.js";
import type { SyncSource } from "../sync/wanted.js";
import { DATASET_DOCUMENT, DEPOSITION_DOCUMENT, DEPOSITIONS, PHOTOS } from "./stages.js";

/** A part of a tree. Default: all of it. */
export interface TreeSelection {
  /** Folders of datasets. */
  readonly datasets?: readonly string[] | undefined;
  /** Regular expressions that match a run's name from its start. */
  readonly runs?: readonly string[] | undefined;
  /** Globs on keys of the tree. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** A dataset or deposition of the tree, and the selected part of it. */
export interface TreeItem {
  /** Its folder: `10001`, `depositions_metadata/10301`. */
  readonly id: string;
  readonly kind: "dataset" | "deposition";
  /** Sources that do not overlap, in the order of keys. */
  readonly sources: readonly SyncSource[];
  /** Of a dataset: the deposition that its document names. */
  readonly deposition?: string | undefined;
}

export interface SelectedTree {
  readonly items: readonly TreeItem[];
  /** Folders with the name of a dataset and without its document. */
  readonly unfinished: readonly string[];
  /** Other items at the top that do not belong to a standardised tree. */
  readonly others: readonly string[];
}

/**
 * Finds the selected datasets and depositions of a tree. Datasets come first, then the depositions that they name, or all of the
 * tree where no dataset is named.
 *
 * @param target where runs are looked for that are no longer in the tree; undefined where nothing is removed
 * @throws {EmporiumError} STORE_ABSENT where there is no standardised tree; USAGE for an unknown dataset or run, and for an
 *   invalid glob
 */
export async function selectTree(
  tree: Store,
  target: Store | undefined,
  selection: TreeSelection,
  signal: AbortSignal | undefined,
): Promise<SelectedTree> {
  const wanted = pathFilter(selection);
  const isRun = runFilter(selection.runs);
  const top = await namesIn(tree, "", signal);
  const documents = new Map<string, JsonObject>();
  const [unfinished, others]: [string[], string[]] = [[], top.files];
  for (const folder of selection.datasets === undefined ? top.folders : [...new Set(selection.datasets)].sort()) {
    if (folder === DEPOSITIONS || folder.startsWith(".")) continue;
    const document = await readDocument(tree, `${folder}/${DATASET_DOCUMENT}`, signal);
    if (document) documents.set(folder, document);
    else if (selection.datasets !== undefined) throw noDataset(tree, folder, top.folders);
    else (/^\d+$/.test(folder) ? unfinished : others).push(folder);
  }
  const named = new Set([...documents.values()].map(depositionOf));
  const depositions: string[] = [];
  for (const id of (await namesIn(tree, `${DEPOSITIONS}/`, signal)).folders) {
    if (selection.datasets !== undefined && !named.has(id)) continue;
    if (await tree.stat(`${DEPOSITIONS}/${id}/${DEPOSITION_DOCUMENT}`, { signal })) depositions.push(id);
  }
  if (documents.size + depositions.length === 0) throw noTree(tree);
  const source = sourceMaker(tree, wanted);
  const items: TreeItem[] = [];
  const runs: string[] = [];
  for (const [id, document] of documents) {
    const part = isRun && (await partOfDataset({ tree, target, source, id, isRun, signal }));
    for (const run of part?.runs ?? []) runs.push(run);
    if (part && part.runs.length === 0) continue;
    items.push({ id, kind: "dataset", sources: part?.sources ?? [source(id, id, "folder")], deposition: depositionOf(document) });
  }
  if (isRun && runs.length === 0) throw await noRun(tree, [...documents.keys()], selection.runs!, signal);
  const sent = new Set(items.map(({ deposition }) => deposition));
  for (const id of depositions) {
    if (isRun && !sent.has(id)) continue;
    const folder = `${DEPOSITIONS}/${id}`;
    items.push({ id: folder, kind: "deposition", sources: [source(folder, folder, "folder")] });
  }
  return { items, unfinished, others: others.filter((name) => !name.startsWith(".")) };
}

type SourceMaker = (
  id: string,
  key: string,
  kind: SyncSource["kind"],
  more?: { removes?: boolean; isThere?: boolean },
) => SyncSource;

function sourceMaker(tree: Store, wanted: PathFilter): SourceMaker {
  return (id, key, kind, { removes = true, isThere = true } = {}) => ({
    ...{ id, kind, key, removes },
    // a store lists a missing folder as empty; a walk of the disk fails
    ...(tree.local && isThere ? { path: tree.local.path(key) } : { path: key, store: tree }),
    takes(path) {
      const full = kind === "file" ? key : `${key}/${path}`;
      return !isOurs(full) && wanted(full);
    },
  });
}

/** Receipts, locks and unfinished files of an ingest: they describe this copy of the tree only. */
function isOurs(key: string): boolean {
  return (
    (key.includes(ENGINE_FOLDER) || key.includes(".part")) &&
    key.split("/").some((name) => name === ENGINE_FOLDER || isPartName(name))
  );
}

interface DatasetLook {
  tree: Store;
  target: Store | undefined;
  source: SourceMaker;
  id: string;
  isRun: (name: string) => boolean;
  signal: AbortSignal | undefined;
}

/** Some runs of a dataset, with the dataset's documents and pictures, which lead to the runs and are never removed. */
async function partOfDataset({ tree, target, source, id, isRun, signal }: DatasetLook) {
  const here = await namesIn(tree, `${id}/`, signal);
  const there = target ? await namesIn(target, `${id}/`, signal) : undefined;
  const runs = [...new Set([...here.folders, ...(there?.folders ?? [])])].filter((name) => name !== PHOTOS && isRun(name)).sort();
  const sources = [
    ...here.files.map((name) => source(id, `${id}/${name}`, "file", { removes: false })),
    ...(here.folders.includes(PHOTOS) ? [source(id, `${id}/${PHOTOS}`, "folder", { removes: false })] : []),
    ...runs.map((run) => source(id, `${id}/${run}`, "folder", { isThere: here.folders.includes(run) })),
  ];
  return { runs, sources };
}

function runFilter(expressions: readonly string[] | undefined): ((name: string) => boolean) | undefined {
  if (expressions === undefined || expressions.length === 0) return undefined;
  const patterns = expressions.map((text) => compilePattern(text, { path: "--run" }));
  return (name) => patterns.some((pattern) => pattern.atStart(name) !== undefined);
}

async function namesIn(
  store: Store,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<{ folders: string[]; files: string[] }> {
  const [folders, files]: [string[], string[]] = [[], []];
  for await (const { key } of store.children(folder, { signal })) {
    if (key.endsWith("/")) folders.push(key.slice(folder.length, -1));
    else files.push(key.slice(folder.length));
  }
  return { folders, files };
}

async function readDocument(store: Store, key: string, signal: AbortSignal | undefined): Promise<JsonObject | undefined> {
  const bytes = await store.read(key, { offset: 0, length: LIMITS.metadataBytes }, { signal });
  if (!bytes) return undefined;
  try {
    const value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(value) ? (value as JsonObject) : {};
  } catch (cause) {
    throw new EmporiumError("FORMAT_CORRUPT", `${objectName(store, key)} is no JSON document`, {
      place: store.local ? { file: objectName(store, key) } : { url: objectName(store, key) },
      hint: "emporium verify says what else is wrong; ingest the dataset's metadata again",
      cause,
    });
  }
}

function depositionOf(document: JsonObject): string | undefined {
  const id = document.deposition_id;
  return id === undefined || id === null ? undefined : String(id);
}

function noTree(tree: Store): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `no standardised tree found: no folder has a ${DATASET_DOCUMENT}`, {
    place: tree.local ? { file: tree.local.path("") } : { url: tree.url },
    hint: emptyHint(tree.url, "give the folder that holds the datasets' folders, as ingest run writes it"),
  });
}

function noDataset(tree: Store, dataset: string, folders: readonly string[]): EmporiumError {
  const meant = nearest(dataset, folders);
  const name = tree.local ? tree.local.path("") : tree.url;
  return new EmporiumError("USAGE", `--dataset: ${name} holds no ${dataset}/${DATASET_DOCUMENT}`, {
    hint: meant === undefined ? "give the name of a dataset's folder" : `did you mean ${meant}?`,
  });
}

const RUNS_NAMED = 5;

async function noRun(
  tree: Store,
  datasets: readonly string[],
  runs: readonly string[],
  signal: AbortSignal | undefined,
): Promise<EmporiumError> {
  const names: string[] = [];
  for (const id of datasets) {
    for (const name of (await namesIn(tree, `${id}/`, signal)).folders) if (name !== PHOTOS) names.push(name);
    if (names.length > RUNS_NAMED) break;
  }
  return new EmporiumError("USAGE", `--run: no run matches ${runs.join(" or ")}`, {
    hint:
      names.length === 0
        ? "the datasets hold no run"
        : `there are ${names.slice(0, RUNS_NAMED).join(", ")}${names.length > RUNS_NAMED ? ", …" : ""}`,
  });
}
