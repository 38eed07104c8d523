import { existsSync } from "node:fs";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { LIMITS } from "../../../core/limits.js";
import { nearest } from "../../../core/nearest.js";
import { type PathFilter, pathFilter } from "../../../core/path-filter.js";
import { compilePattern } from "../../../engine/pattern.js";
import { ENGINE_FOLDER } from "../../../engine/plan.js";
import { STORAGE_FOLDERS } from "../../../model/storage-layout.js";
import { isPartName } from "../../../stores/keys.js";
import { emptyHint, objectName, type Store, type UnfollowedLink } from "../../../stores/store.js";
import { notSent } from "../plan/walk.js";
import type { SyncSource } from "../sync/wanted.js";
import { DATASET_DOCUMENT, DEPOSITION_DOCUMENT, DEPOSITIONS, PHOTOS } from "./stages.js";

/** A part of a tree. Default: all of it. */
export interface TreeSelection {
  /** Folders of datasets; ids of a storage's data sets. */
  readonly datasets?: readonly string[] | undefined;
  /** Regular expressions that match a run's name from its start. */
  readonly runs?: readonly string[] | undefined;
  /** Globs on keys of the tree. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** A dataset or deposition of the tree, or a data set of a storage of microscope images, and the selected part of it. */
export interface TreeItem {
  /** Folder of the item: `10001`, `depositions_metadata/10301`, `raw_frames/CELLS-2024-05-17-10-30-00-0001`. */
  readonly id: string;
  readonly kind: "dataset" | "deposition" | "stored";
  /** Sources that do not overlap, in the order of keys. */
  readonly sources: readonly SyncSource[];
  /** For a dataset: the deposition that its document names. */
  readonly deposition?: string | undefined;
}

export interface SelectedTree {
  readonly items: readonly TreeItem[];
  /** Folders with the name of a dataset and without its document. */
  readonly unfinished: readonly string[];
  /** Other items at the top that do not belong to a standardised tree. */
  readonly others: readonly string[];
  /** Links that leave the tree, lead nowhere or in a circle, and entries that are no files. They are not sent. */
  readonly refused: readonly EmporiumError[];
}

/**
 * Finds the selected datasets and depositions of a tree. Datasets come first, then the depositions that they name, or all of the
 * tree where no dataset is named, then the data sets of a storage of microscope images.
 *
 * @param target store in which runs are looked for that are no longer in the tree; undefined where nothing is removed
 * @throws {EmporiumError} STORE_ABSENT where there is neither a standardised tree nor a storage; USAGE for an unknown dataset or
 * run, and for an invalid glob
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
  const [unfinished, others]: [string[], string[]] = [[], []];
  const refused: EmporiumError[] = [];
  const ask = async <T>(work: Promise<T>): Promise<T | "refused"> =>
    work.catch((error: unknown) => {
      if (!isEmporiumError(error) || error.code !== "STORE_DENIED") throw error;
      refused.push(error);
      return "refused";
    });
  refused.push(...top.lost);
  const stored = await storedDatasets(tree, top.folders, selection.datasets, { others, refused }, signal);
  if (isRun && stored.length > 0) throw noRunsStored(tree);
  // a store lists a link that leaves it like an object, and refuses to look at it
  for (const name of top.files) if ((await ask(tree.stat(name, { signal }))) !== "refused") others.push(name);
  for (const folder of selection.datasets === undefined ? top.folders : [...new Set(selection.datasets)].sort()) {
    if (folder === DEPOSITIONS || folder.startsWith(".") || stored.some((id) => isAbove(folder, id))) continue;
    const document = await ask(readDocument(tree, `${folder}/${DATASET_DOCUMENT}`, signal));
    if (document === "refused") continue;
    if (document) documents.set(folder, document);
    else if (selection.datasets !== undefined) throw noDataset(tree, folder, top.folders);
    else (/^\d+$/.test(folder) ? unfinished : others).push(folder);
  }
  const named = new Set([...documents.values()].map(depositionOf));
  const depositions: string[] = [];
  const below = top.folders.includes(DEPOSITIONS) ? await namesIn(tree, `${DEPOSITIONS}/`, signal) : undefined;
  refused.push(...(below?.lost ?? []));
  for (const name of below?.files ?? []) await ask(tree.stat(`${DEPOSITIONS}/${name}`, { signal }));
  for (const id of below?.folders ?? []) {
    if (selection.datasets !== undefined && !named.has(id)) continue;
    const document = await ask(tree.stat(`${DEPOSITIONS}/${id}/${DEPOSITION_DOCUMENT}`, { signal }));
    if (document && document !== "refused") depositions.push(id);
  }
  if (documents.size + depositions.length + stored.length === 0) throw refused[0] ?? noTree(tree);
  const source = sourceMaker(tree, wanted);
  const items: TreeItem[] = [];
  const runs: string[] = [];
  for (const [id, document] of documents) {
    const part = isRun && (await partOfDataset({ tree, target, source, id, isRun, signal }));
    for (const run of part?.runs ?? []) runs.push(run);
    refused.push(...(part?.lost ?? []));
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
  for (const id of stored) items.push({ id, kind: "stored", sources: [source(id, id, "folder")] });
  return { items, unfinished, others: others.filter((name) => !name.startsWith(".")), refused };
}

/** The folders of a storage's data sets: the named ones, or all. Files beside them go to `others`. */
async function storedDatasets(
  tree: Store,
  top: readonly string[],
  datasets: readonly string[] | undefined,
  { others, refused }: { others: string[]; refused: EmporiumError[] },
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const found: string[] = [];
  for (const folder of STORAGE_FOLDERS.filter((name) => top.includes(name))) {
    const { folders, files, lost } = await namesIn(tree, `${folder}/`, signal);
    refused.push(...lost);
    others.push(...files.map((name) => `${folder}/${name}`));
    for (const id of folders) {
      if (!id.startsWith(".") && (datasets === undefined || datasets.includes(id))) found.push(`${folder}/${id}`);
    }
  }
  return found;
}

/** Whether a top folder, or the name of a data set, refers to a folder of a storage. */
function isAbove(name: string, stored: string): boolean {
  const [folder, id] = stored.split("/");
  return name === folder || name === id;
}

function noRunsStored(tree: Store): EmporiumError {
  return new EmporiumError("USAGE", `--run: ${objectName(tree, "")} is a storage of microscope images, which has no runs`, {
    hint: "select data sets with --dataset ID",
  });
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
    ...(tree.local && isThere ? { path: tree.local.path(key), root: tree.local.path("") } : { path: key, store: tree }),
    takes(path) {
      const full = kind === "file" ? key : `${key}/${path}`;
      return !isOurs(full) && wanted(full);
    },
  });
}

/** Whether a key is a receipt, lock or unfinished file of an ingest: these describe this copy of the tree only. */
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

/** Selects some runs of a dataset, with the dataset's documents and pictures, which lead to the runs and are never removed. */
async function partOfDataset({ tree, target, source, id, isRun, signal }: DatasetLook) {
  const here = await namesIn(tree, `${id}/`, signal);
  const there = target ? await namesIn(target, `${id}/`, signal) : undefined;
  const runs = [...new Set([...here.folders, ...(there?.folders ?? [])])].filter((name) => name !== PHOTOS && isRun(name)).sort();
  const sources = [
    ...here.files.map((name) => source(id, `${id}/${name}`, "file", { removes: false })),
    ...(here.folders.includes(PHOTOS) ? [source(id, `${id}/${PHOTOS}`, "folder", { removes: false })] : []),
    ...runs.map((run) => source(id, `${id}/${run}`, "folder", { isThere: here.folders.includes(run) })),
  ];
  return { runs, sources, lost: here.lost };
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
): Promise<{ folders: string[]; files: string[]; lost: EmporiumError[] }> {
  const [folders, files]: [string[], string[]] = [[], []];
  const lost: EmporiumError[] = [];
  const onLink = ({ key, leads }: UnfollowedLink) => {
    // one that leaves is listed
    if (leads !== "outside") lost.push(notSent(objectName(store, key), leads));
  };
  for await (const { key } of store.children(folder, { signal, onLink })) {
    if (key.endsWith("/")) folders.push(key.slice(folder.length, -1));
    else files.push(key.slice(folder.length));
  }
  return { folders, files, lost };
}

async function readDocument(store: Store, key: string, signal: AbortSignal | undefined): Promise<JsonObject | undefined> {
  const bytes = await store.read(key, { offset: 0, length: LIMITS.metadataBytes }, { signal });
  if (!bytes) return undefined;
  try {
    const value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(value) ? (value as JsonObject) : {};
  } catch (cause) {
    throw new EmporiumError("FORMAT_CORRUPT", `${objectName(store, key)} is not a JSON document`, {
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
  const path = tree.local?.path("").replace(/\/$/, "");
  if (path !== undefined && !existsSync(path))
    return new EmporiumError("STORE_ABSENT", `${path} does not exist; expected a standardised tree`, {
      place: { file: path },
      hint: "give the folder that ingest run wrote",
    });
  return new EmporiumError(
    "STORE_ABSENT",
    `no standardised tree found: no folder has a ${DATASET_DOCUMENT}, and there is no raw_frames or raw_files`,
    {
      place: tree.local ? { file: tree.local.path("") } : { url: tree.url },
      hint: emptyHint(tree.url, "give the folder that holds the datasets' folders, as ingest run writes it"),
    },
  );
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
        ? "leave out --run: the datasets have no runs"
        : `choose from ${names.slice(0, RUNS_NAMED).join(", ")}${names.length > RUNS_NAMED ? ", …" : ""}`,
  });
}
