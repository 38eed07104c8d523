import { setMaxListeners } from "node:events";
import { resolve } from "node:path";
import {
  asEmporiumError,
  EmporiumError,
  type ErrorRecord,
  fromErrorRecord,
  isEmporiumError,
  toErrorRecord,
} from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { type Env, envOf, type GivenEnv } from "../../../engine/env.js";
import { takeLocks } from "../../../engine/lock.js";
import { isSame } from "../../../engine/receipts.js";
import { type RunReport, runPlan } from "../../../engine/run.js";
import { fileFolder, framesFolder } from "../../../model/storage-layout.js";
import { nestingOf } from "../../../stores/nesting.js";
import { objectName, type Store } from "../../../stores/store.js";
import { countFrames, type FrameRow, type FrameSet, frameBytes, framesGlobal } from "../frames/frame.js";
import { NAME_PARSERS, type NameParsers } from "../frames/name-parsers.js";
import type { UploadConfig } from "../inputs/config.js";
import { readText } from "../inputs/json-file.js";
import { parseUploadTable, type UploadRow } from "../inputs/upload-table.js";
import { alreadyThere, parentMissing } from "../rows/errors.js";
import type { CatalogRepository, NewDataset } from "../rows/repository.js";
import { openMarker, type UploadMarker } from "./marker.js";
import { uploadOperations } from "./operations.js";
import { planFileTask, planFrameTasks } from "./plan.js";
import { type Prepared, prepareRow, type Splitting, splittingOf } from "./prepare.js";
import { type UploadedDataset, type UploadReport, uploadReport } from "./report.js";
import { type DatasetContent, isStored } from "./stored.js";

export interface UploadOptions extends GivenEnv {
  /** Path of the table of data sets, one in each line. */
  csv: string;
  config: UploadConfig;
  /** Target of files and frames. */
  storage: Store;
  repository: CatalogRepository;
  /** Parsers of file names by name. Default: the built-in ones. */
  parsers?: NameParsers | undefined;
  /** Replace data sets and objects of the same name. */
  overwrite?: boolean | undefined;
  /** Frames that are encoded and sent in parallel. Default 4. */
  workers?: number | undefined;
  memoryBytes?: number | undefined;
  /** Folder with the journals of uploads. */
  workspace: string;
  /** Read files that the table names at addresses in private networks, too. Default false. */
  allowPrivate?: boolean | undefined;
  /** Report what would be done, and write nothing. */
  dryRun?: boolean | undefined;
  /** Continue with other data sets after a failure. Default true; if false, an error in the table prevents the upload. */
  keepGoing?: boolean | undefined;
  sync?: boolean | undefined;
  /**
   * Hands the report on, and ends everything that may be interrupted. Until it returns, inserted data sets stay on record: if the
   * process is killed before, nobody has seen the report, and the same call finds that they are done.
   */
  told?: ((report: UploadReport) => Promise<void>) | undefined;
}

/** Number of frames that stay planned after the check of all rows. Others are planned again. */
const KEPT_FRAMES = 50_000;
const WORKERS = 4;

/**
 * Uploads the data sets of a table to a storage, as files or as images that are split into frames; then inserts their rows, with
 * one transaction for each data set.
 *
 * ```ts
 * const config = await readUploadConfig("config.json");
 * const report = await upload({ csv: "files.csv", config, storage, repository, workspace: ".emporium" });
 * console.log(report.toText(), report.exitStatus);
 * ```
 *
 * All rows are checked before anything is written: ids, parents, existing data sets, headers of all sources. A data set's rows
 * are inserted after every object is proven stored. After a kill the same call resumes, by receipts in the workspace.
 *
 * @returns what became of each row, failures included
 * @throws {EmporiumError} USAGE, CONFIG_…: an error of the whole table or configuration, before anything is written
 */
export async function upload(options: UploadOptions): Promise<UploadReport> {
  const { repository, storage, config, workers = WORKERS, keepGoing = true } = options;
  const env = envOf(options);
  const { clock } = env;
  const startMs = clock.monotonic();
  if (!(Number.isInteger(workers) && workers > 0))
    throw new EmporiumError("USAGE", `--nbr-workers: expected a whole number from 1, found ${workers}`);
  const signal = options.signal ?? new AbortController().signal;
  setMaxListeners(0, signal);
  const table = parseUploadTable(await readText(options.csv, "table"), options.csv);
  const splitting = await splittingOf(config, options.parsers ?? NAME_PARSERS);
  const warnings = [...config.warnings, ...table.warnings];
  const datasets: UploadedDataset[] = [];
  const errors: (ErrorRecord & { dataset?: string })[] = [];
  const fail = (id: string, error: unknown) => {
    errors.push({ ...toErrorRecord(asEmporiumError(error)), dataset: id });
    datasets.push({ id, status: "failed" });
  };
  const end = (cancelled: boolean, planned = false) =>
    uploadReport({
      datasets,
      errors,
      warnings,
      storage: storage.local?.path("") ?? storage.url,
      database: repository.name,
      seconds: (clock.monotonic() - startMs) / 1000,
      cancelled,
      planned,
    });

  const identity = [resolve(options.csv), resolve(config.file), storage.url, repository.name];
  const marker = await openMarker(options.workspace, identity);
  const ready: (Prepared | UploadRow)[] = [];
  const uploading = new Set(table.rows.map(({ id }) => id));
  let planned = 0;
  for (const entry of table.rows) {
    if (signal.aborted) return end(true);
    try {
      if ("error" in entry) throw entry.error;
      await checkRow(entry.row, { repository, overwrite: options.overwrite ?? false, marker, uploading, signal });
      const prepared = await prepareRow(entry.row, options.csv, splitting, { signal, allowPrivate: options.allowPrivate });
      refuseStored(prepared, storage);
      if (prepared.kind === "frames") {
        warnings.push(...prepared.set.warnings.map((warning) => `${entry.id}: ${warning}`));
        planned += prepared.set.frames.length;
      }
      if (options.dryRun) datasets.push({ ...summaryOf(prepared), status: "planned" });
      else ready.push(planned > KEPT_FRAMES ? entry.row : prepared);
    } catch (error) {
      if (signal.aborted) return end(true);
      fail(entry.id, error);
    }
  }
  if (options.dryRun || (!keepGoing && errors.length > 0)) return end(false, errors.length === 0);

  for (const item of ready) {
    const row = "kind" in item ? item.row : item;
    try {
      const prepared =
        "kind" in item ? item : await prepareRow(item, options.csv, splitting, { signal, allowPrivate: options.allowPrivate });
      datasets.push(await uploadOne(prepared, { ...options, ...env, workers, signal, marker, warnings, splitting }));
    } catch (error) {
      if (signal.aborted) {
        datasets.push({ id: row.id.text, status: "cancelled" });
        return end(true);
      }
      fail(row.id.text, error);
      if (!keepGoing) break;
    }
  }
  const report = end(false);
  await options.told?.(report);
  // what failed is tried again by the same call, which then meets what is done
  if (errors.length === 0) await marker.end();
  return report;
}

interface RowCheck {
  repository: CatalogRepository;
  overwrite: boolean;
  marker: UploadMarker;
  /** All ids of the table, since a parent may be among them. */
  uploading: ReadonlySet<string>;
  signal: AbortSignal;
}

/** @throws {EmporiumError} CONFIG_COLLISION: the id is taken; CONFIG_RULE: no such parent. */
async function checkRow(row: UploadRow, { repository, overwrite, marker, uploading, signal }: RowCheck): Promise<void> {
  const id = row.id.text;
  if (!overwrite && !marker.wasBegun(id) && (await repository.findDataset(id, signal))) {
    const { message, facts } = alreadyThere(id);
    throw new EmporiumError("CONFIG_COLLISION", message, { ...facts, place: row.place });
  }
  if (
    row.parent !== null &&
    (row.parent === id || (!uploading.has(row.parent) && !(await repository.findDataset(row.parent, signal))))
  ) {
    const { code, message, facts } = parentMissing(row.parent, id);
    throw new EmporiumError(code, message, { ...facts, place: row.place });
  }
}

interface OneUpload extends Omit<UploadOptions, keyof Env>, Env {
  workers: number;
  signal: AbortSignal;
  marker: UploadMarker;
  warnings: string[];
  splitting: Splitting | undefined;
}

/** Uploads one data set under its lock: objects first, then rows. */
async function uploadOne(prepared: Prepared, options: OneUpload): Promise<UploadedDataset> {
  const { storage, repository, clock, random, log, signal, marker, overwrite = false, config } = options;
  const { row } = prepared;
  const id = row.id.text;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const insert = async (dataset: NewDataset, content: DatasetContent, attempt: number) => {
    // a connection may have broken after the commit
    const stored = attempt > 0 && !overwrite ? await repository.findDataset(id, both) : undefined;
    if (stored && (await isStored(repository, stored, dataset, content, both))) return;
    if (content.kind === "file") await repository.insertFile(dataset, content.file, { overwrite, signal: both });
    else await repository.insertFrames(dataset, content.global, content.rows(both), { overwrite, signal: both });
  };
  setMaxListeners(0, both);
  const locks = await takeLocks(storage, [`catalog-${id}`], {
    job: `catalog upload of ${id}`,
    ...{ clock, random, log },
    onLost: (error) => stop.abort(error),
    signal: both,
  });
  try {
    const dataset: NewDataset = {
      dataset_serial: id,
      description: row.description,
      microscope: config.microscope,
      date_time: row.id.dateTime,
      parent: row.parent,
    };
    const before = await repository.findDataset(id, both);
    if (before && !overwrite && !marker.wasBegun(id)) throw alreadyThere(id);
    const plan =
      prepared.kind === "frames"
        ? planFrameTasks(id, prepared.set, clock)
        : planFileTask(id, prepared.file, prepared.name, clock);
    const keys = new Set(plan.tasks.flatMap(({ outputs }) => outputs));
    const others = await otherObjects(storage, id, keys, both);
    if (others.length > 0 && !overwrite) throw foreignObjects(storage, others);
    const report = await runPlan(plan, {
      operations: uploadOperations(overwrite),
      source: prepared.source.store,
      target: storage,
      workspace: options.workspace,
      name: `catalog upload ${id}`,
      jobs: options.workers,
      memoryBytes: options.memoryBytes ?? LIMITS.memoryBytes,
      keepGoing: false,
      ...{ clock, random, log, onEvent: options.onEvent },
      signal: both,
      sync: options.sync,
    });
    throwFailure(report, before && !overwrite ? id : undefined);
    await checkUnchanged(prepared, both);
    const done = { ...summaryOf(prepared), status: before ? ("replaced" as const) : ("uploaded" as const) };
    const content = contentOf(prepared, report);
    if (before && !overwrite) {
      if (await isStored(repository, before, dataset, content, both)) return { ...done, status: "already" };
      throw alreadyThere(id);
    }
    await marker.begin(id);
    try {
      await repository.steady((attempt) => insert(dataset, content, attempt));
    } catch (error) {
      // after a refusal nothing is inserted; after a broken connection that is unknown
      if (isEmporiumError(error) && error.code !== "DATABASE_UNAVAILABLE") await marker.refuse(id);
      throw error;
    }
    marker.settle(id);
    for (const key of others) await storage.remove(key, { signal: both });
    return done;
  } catch (error) {
    throw stop.signal.aborted ? asEmporiumError(stop.signal.reason) : error;
  } finally {
    await locks.release();
  }
}

function contentOf(prepared: Prepared, report: RunReport): DatasetContent {
  const id = prepared.row.id.text;
  const hashes = report.results.flatMap(({ receipt }) => (receipt?.facts?.sha256 ?? []) as string | readonly string[]);
  if (prepared.kind === "file") {
    const [sha256] = hashes as [string];
    const metadata_json = { file_origin: prepared.source.origin };
    return { kind: "file", file: { storage_dir: fileFolder(id), file_name: prepared.name, metadata_json, sha256 } };
  }
  const { set } = prepared;
  return {
    kind: "frames",
    global: framesGlobal(set, countFrames(set.frames), framesFolder(id)),
    names: set.frames.map(({ file_name }) => file_name),
    hashes,
    rows: (signal) => rowsOf(set, hashes, signal),
  };
}

async function* rowsOf(set: FrameSet, hashes: readonly string[], signal: AbortSignal): AsyncGenerator<FrameRow> {
  let index = 0;
  for await (const metadata_json of set.metadataOf(set.frames, signal)) {
    const { channel_idx, slice_idx, time_idx, pos_idx, channel_name, file_name } = set.frames[index]!;
    yield { channel_idx, slice_idx, time_idx, pos_idx, channel_name, file_name, sha256: hashes[index]!, metadata_json };
    index++;
  }
}

/**
 * Throws the first failure of a run.
 *
 * @param taken an id that is in the database since an upload of it was killed: a conflict means that it is another upload's
 */
function throwFailure({ results, error, exitStatus }: RunReport, taken: string | undefined): void {
  if (exitStatus === 0) return;
  const failed = results.find(({ state }) => state === "failed")?.error ?? error;
  if (taken !== undefined && failed?.code === "STORE_CONFLICT") throw alreadyThere(taken);
  throw failed ? fromErrorRecord(failed) : new EmporiumError("INTERNAL", "an upload ended without a reason");
}

/**
 * Checks that the files have not changed since the pixels were read: metadata are read later, and both must be of the same files.
 */
async function checkUnchanged(prepared: Prepared, signal: AbortSignal): Promise<void> {
  const { source } = prepared;
  for (const file of prepared.kind === "file" ? [prepared.file] : prepared.set.files) {
    const now = await source.store.stat(file.key, { signal });
    if (now && isSame(file, now)) continue;
    throw new EmporiumError("SOURCE_CHANGED", `${source.origin}: ${file.key} changed while it was uploaded`, {
      place: { file: source.origin },
      hint: "run again when no process writes it any more",
    });
  }
}

function summaryOf(prepared: Prepared): Omit<UploadedDataset, "status"> {
  const id = prepared.row.id.text;
  if (prepared.kind === "file") return { id, bytes: prepared.file.size, storage_dir: fileFolder(id) };
  const { frames, shape } = prepared.set;
  return { id, frames: frames.length, bytes: frames.length * frameBytes(shape), storage_dir: framesFolder(id) };
}

/** Objects of a data set that do not belong to this upload. Locks and parts of uploads are in other folders. */
async function otherObjects(storage: Store, id: string, keys: ReadonlySet<string>, signal: AbortSignal): Promise<string[]> {
  const others: string[] = [];
  for (const folder of [fileFolder(id), framesFolder(id)]) {
    for await (const { key } of storage.list(`${folder}/`, { signal })) if (!keys.has(key)) others.push(key);
  }
  return others;
}

/**
 * Refuses a source among the data set's stored objects: those that do not belong to the new upload are removed. @throws
 * {EmporiumError} USAGE
 */
function refuseStored({ row, source }: Prepared, storage: Store): void {
  // memory, and servers that are only read, hold no other place
  if (![storage, source.store].every(({ url }) => /^(?:file|s3|gs):/.test(url))) return;
  const place = source.kind === "file" ? objectName(source.store, source.key) : objectName(source.store, "");
  for (const folder of [fileFolder(row.id.text), framesFolder(row.id.text)])
    if (nestingOf(objectName(storage, folder), place) !== "apart")
      throw new EmporiumError("USAGE", `${source.origin} is in the storage, where the data set would be written`, {
        hint: "copy the source to a folder outside the storage",
      });
}

function foreignObjects(storage: Store, keys: readonly string[]): EmporiumError {
  return new EmporiumError(
    "STORE_CONFLICT",
    `the storage holds ${counted(keys.length, "other object")} of this data set, ${keys[0]} first`,
    {
      place: { url: `${storage.url}/${keys[0]}` },
      hint: "give the data set another id, or replace what is there with --overwrite",
    },
  );
}
