import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { type Report, warningLines, withText } from "../../../core/report.js";
import { counted, formatSeconds } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { TaskBrief } from "../../../engine/events.js";
import { fileFolder, framesFolder, STORAGE_FOLDERS } from "../../../model/storage-layout.js";
import { compareKeys } from "../../../stores/keys.js";
import { objectName, type Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import { noDataset } from "../dataset-facts.js";
import { checkKnownId } from "../identifier.js";
import type { CatalogRepository, StoredDataset } from "../rows/repository.js";
import { objectHash } from "../storage/prove.js";
import { frameKey, readStoredFrame, shapeOfRow } from "../storage/stored-frame.js";

export interface CatalogVerifyOptions extends GivenEnv {
  repository: CatalogRepository;
  storage: Store;
  /** One data set. Default: all. */
  id?: string | undefined;
  /** Read one share of the objects, by the hash of their keys. The existence of all is checked. */
  subset?: { part: number; of: number } | undefined;
  /** Objects that are read in parallel. Default 8. */
  workers?: number | undefined;
}

export interface CatalogVerifyReport extends Report {
  /** `unproven`: no error, but not all is proven: only a share was read, or a checksum is missing in the database. */
  readonly status: "proven" | "unproven" | "wrong";
  /** 0, 3, 4. */
  readonly exitStatus: number;
  readonly datasets: number;
  /** Objects in the database, and those of them that were read. */
  readonly objects: number;
  readonly read: number;
  readonly missing: number;
  readonly wrong: number;
  /** Without a checksum in the database. */
  readonly unknown: number;
  /** Objects that belong to no data set. */
  readonly orphans: readonly string[];
  /** The number of all orphans; not all are listed. */
  readonly orphanCount: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

const WORKERS = 8;
const ORPHANS_LISTED = 1_000;

/**
 * Compares the storage with the database: every object exists, every frame and file has the database's checksum, and no object is
 * without a data set (with `id`: in its folders).
 *
 * @returns the findings; they are not thrown
 * @throws {EmporiumError} USAGE, NOT_FOUND (no such data set), and if storage or database cannot be read
 */
export async function verifyCatalog(options: CatalogVerifyOptions): Promise<CatalogVerifyReport> {
  const { repository, storage, id, subset, workers = WORKERS } = options;
  const { clock, onEvent } = envOf(options);
  const startMs = clock.monotonic();
  const signal = options.signal ?? new AbortController().signal;
  setMaxListeners(0, signal);
  if (id !== undefined) checkKnownId(id);
  const counts = { datasets: 0, objects: 0, read: 0, missing: 0, wrong: 0, unknown: 0 };
  const errors: ErrorRecord[] = [];
  const warnings = new Set<string>();
  const orphans: string[] = [];
  let orphanCount = 0;
  const orphan = (key: string) => {
    orphanCount++;
    if (orphans.length < ORPHANS_LISTED) orphans.push(key);
  };
  const found = (error: unknown) => {
    const record = toErrorRecord(asEmporiumError(error));
    counts[record.code === "OBJECT_LOST" ? "missing" : "wrong"]++;
    errors.push(record);
  };

  const serials: string[] = [];
  if (id !== undefined) serials.push(id);
  else for await (const { dataset_serial } of repository.query({}, signal)) serials.push(dataset_serial);
  onEvent({ atMs: startMs, kind: "plan", tasks: serials.length, bytes: 0, resumed: false, createdMs: clock.now() });
  for (const serial of serials) {
    const task: TaskBrief = { id: serial, title: serial, run: "catalog/verify", bytes: 0 };
    const begun = clock.monotonic();
    onEvent({ atMs: begun, kind: "start", task, threads: 1, notes: 0 });
    const dataset = await repository.findDataset(serial, signal);
    if (!dataset) {
      if (id === undefined) continue; // removed meanwhile
      throw noDataset(serial, repository);
    }
    counts.datasets++;
    const before = errors.length;
    const listed = await listedObjects(storage, dataset, signal);
    const items = itemsOf(dataset, repository, storage, signal);
    await forEachLimited(items, workers, async ({ key, prove }) => {
      signal.throwIfAborted();
      counts.objects++;
      const there = listed.delete(key) || (await storage.stat(key, { signal })) !== undefined;
      if (!there) return found(lost(storage, key));
      if (!prove) {
        counts.unknown++;
        return;
      }
      if (subset && !inShare(key, subset)) return;
      counts.read++;
      try {
        const remark = await prove();
        if (remark) warnings.add(remark);
      } catch (error) {
        if (signal.aborted || asEmporiumError(error).code.startsWith("STORE_")) throw error;
        found(error);
      }
    });
    for (const key of listed) orphan(key);
    const seconds = (clock.monotonic() - begun) / 1000;
    onEvent({ atMs: clock.monotonic(), kind: "settled", task, state: errors.length > before ? "failed" : "done", seconds });
  }
  if (id === undefined) await findOrphans(storage, new Set(serials), orphan, signal);
  const wrong = counts.missing + counts.wrong + orphanCount > 0;
  const unproven = counts.unknown > 0 || (subset !== undefined && counts.read < counts.objects);
  const exitStatus = wrong ? 4 : unproven ? 3 : 0;
  const seconds = (clock.monotonic() - startMs) / 1000;
  onEvent({ atMs: clock.monotonic(), kind: "end", exitStatus, seconds });
  const facts: Omit<CatalogVerifyReport, "toText"> = {
    status: wrong ? "wrong" : unproven ? "unproven" : "proven",
    exitStatus,
    ...counts,
    orphans: orphans.sort(compareKeys),
    orphanCount,
    seconds,
    warnings: [...warnings],
    errors,
  };
  return withText(facts, linesOf);
}

interface Item {
  key: string;
  /** Undefined if the database has no checksum. Returns a remark, or throws the finding. */
  prove: (() => Promise<string | undefined>) | undefined;
}

async function* itemsOf(
  dataset: StoredDataset,
  repository: CatalogRepository,
  storage: Store,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const { dataset_serial: serial, file, framesGlobal } = dataset;
  if (file) {
    if (file.file_name === null) return;
    const key = frameKey(file.storage_dir, file.file_name);
    yield { key, prove: file.sha256 === null ? undefined : () => proveFile(storage, key, file.sha256!, signal) };
    return;
  }
  const shape = shapeOfRow(framesGlobal!, serial);
  const folder = framesGlobal!.storage_dir;
  for await (const row of repository.framesOf(serial, {}, { signal })) {
    const prove = async () => {
      const { proof } = await readStoredFrame(storage, folder, row, shape, signal);
      return proof === "swapped" ? `${serial}: colours are stored with red and blue exchanged, by an older catalogue` : undefined;
    };
    yield { key: frameKey(folder, row.file_name), prove: row.sha256 === null ? undefined : prove };
  }
}

async function proveFile(storage: Store, key: string, sha256: string, signal: AbortSignal): Promise<undefined> {
  const found = await objectHash(storage, key, signal);
  if (!found) throw lost(storage, key);
  if (found.sha256 === sha256) return undefined;
  const name = objectName(storage, key);
  throw new EmporiumError(
    "OBJECT_WRONG",
    `${name}: its SHA-256 is ${found.sha256.slice(0, 12)}…, the database knows ${sha256.slice(0, 12)}…`,
    {
      place: storage.local ? { file: name } : { url: name },
      hint: "upload the data set again with --overwrite",
    },
  );
}

/** Keys in the folders of a data set, except the folder of a file without a name. Unknown ones are orphans. */
async function listedObjects(
  storage: Store,
  { dataset_serial, file, framesGlobal }: StoredDataset,
  signal: AbortSignal,
): Promise<Set<string>> {
  const stored = (file ?? framesGlobal!).storage_dir.replace(/\/+$/, "");
  const keys = new Set<string>();
  for (const folder of new Set([fileFolder(dataset_serial), framesFolder(dataset_serial), stored])) {
    if (file?.file_name === null && folder === stored) continue;
    for await (const { key } of storage.list(`${folder}/`, { signal })) keys.add(key);
  }
  return keys;
}

async function findOrphans(
  storage: Store,
  serials: ReadonlySet<string>,
  orphan: (key: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const folder of STORAGE_FOLDERS) {
    for await (const { key } of storage.children(`${folder}/`, { signal })) {
      const name = key.slice(folder.length + 1).replace(/\/$/, "");
      if (serials.has(name)) continue;
      if (!key.endsWith("/")) orphan(key);
      else for await (const { key: inner } of storage.list(key, { signal })) orphan(inner);
    }
  }
}

function lost(storage: Store, key: string): EmporiumError {
  const name = objectName(storage, key);
  return new EmporiumError("OBJECT_LOST", `${name} is not there, the database knows it`, {
    place: storage.local ? { file: name } : { url: name },
    hint: "upload the data set again with --overwrite",
  });
}

/** The same objects in each run; all shares together are all objects. */
function inShare(key: string, { part, of }: { part: number; of: number }): boolean {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % of === part - 1;
}

function linesOf(facts: Omit<CatalogVerifyReport, "toText">): string[] {
  const { datasets, objects, read, missing, wrong, unknown, orphans, orphanCount, seconds, warnings, status } = facts;
  const lines = orphans.map((key) => `orphan: ${key}`);
  if (orphanCount > orphans.length) lines.push(`and ${orphanCount - orphans.length} more orphans`);
  lines.push(...warningLines(warnings));
  lines.push(
    `${status}: ${datasets} data sets, ${counted(objects, "object")}, ${read} read, ${missing} missing, ${wrong} wrong, ${orphanCount} that no data set has${unknown > 0 ? `, ${unknown} without a checksum` : ""}, ${formatSeconds(seconds)}`,
  );
  return lines;
}
