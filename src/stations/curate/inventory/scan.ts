import { realpathSync, rmSync, statSync } from "node:fs";
import { resolve, sep } from "node:path";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { tellNowAndThen } from "../../../core/waiting.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { takeLocks } from "../../../engine/lock.js";
import { fileError } from "../../../stores/file/errors.js";
import { fileStore } from "../../../stores/file/store.js";
import { nestingOf } from "../../../stores/nesting.js";
import { parseLocation } from "../../../stores/url.js";
import { type Archive, type ArchiveRoot, openArchive } from "./archive.js";
import type { FolderFailure } from "./folder-facts.js";
import { type HeadTotals, readHeads } from "./head-pass.js";
import {
  commitInventory,
  type InventoryHead,
  inventoryFolder,
  knownFolders,
  listingPath,
  openPlace,
  piecePath,
} from "./inventory-files.js";
import { mergeSegments } from "./listing.js";
import { shownPath } from "./path-bytes.js";
import type { HeadChoice } from "./read-head.js";
import { runNaming } from "./run-name.js";
import { type ScanThreads, startScanThreads } from "./threads.js";
import { walkTree } from "./walk.js";

export interface ScanOptions extends GivenEnv {
  /** Folder of the inventories, outside the scanned folders. */
  workspace: string;
  /** Which heads of files are read. Default all. */
  heads?: HeadChoice | undefined;
  /** Also examine the files of folders that have not changed. Heads of files with the same size and time are kept. */
  full?: boolean | undefined;
  /**
   * Regular expressions for other names of run folders than `ab2019-05-25-10`, with groups `run`, `author` and `date`. They are
   * stored in the inventory and used by later scans that give none. One empty text clears them.
   */
  runPatterns?: readonly string[] | undefined;
  /** Number of threads. Default: the number of cores, and up to 8 for slow disks such as network drives. */
  jobs?: number | undefined;
  /** What the caller will write, by the option that names it: refused inside of the folders, before they are read. */
  writes?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface Scan extends Archive {
  /** The work of this scan, root by root. */
  readonly done: readonly RootScan[];
  /** Folders that could not be read. */
  readonly errors: readonly ErrorRecord[];
}

interface RootScan {
  readonly root: string;
  readonly head: InventoryHead;
  /** Seconds for names, sizes and times; `headSeconds`: those for heads. */
  readonly walkSeconds: number;
  readonly headSeconds: number;
  readonly headTotals: HeadTotals;
}

/**
 * Takes the inventory of folders: names, sizes and times of everything in them, and the heads of models and volumes.
 *
 * ```ts
 * const archive = await scanArchive(["/mnt/grp_tomo_db1_d1"], { workspace: ".emporium" });
 * for await (const folder of archive.folders()) console.log(folder.run, folder.files.length);
 * ```
 *
 * The inventory is stored in the workspace. A second scan reads only folders whose times have changed, and an interrupted scan
 * resumes. Nothing is written below the scanned folders, and no file in them is opened for writing.
 *
 * @returns the archive; folders that could not be listed are in `errors`
 * @throws {EmporiumError} USAGE (no folder of this machine; the workspace is inside of it), DISK_FULL, TARGET_LOCKED, CANCELLED
 */
export async function scanArchive(dirs: readonly string[], options: ScanOptions): Promise<Scan> {
  // an invalid pattern is reported before the walk
  runNaming(options.runPatterns);
  const roots = rootsOf(dirs, options);
  const done: RootScan[] = [];
  for (const root of roots) done.push(await scanRoot(root, options));
  const archiveRoots = done.map(
    ({ root, head }): ArchiveRoot => ({
      path: root,
      head,
      listing: listingPath(inventoryFolder(resolve(options.workspace), root), head),
    }),
  );
  const errors = done.flatMap(({ root, head }) => head.failures.map((failure) => failureRecord(root, failure)));
  return { ...openArchive(archiveRoots), done, errors };
}

async function scanRoot(root: string, options: ScanOptions): Promise<RootScan> {
  const { heads = "all", full = false } = options;
  const { clock, random, log } = envOf(options);
  const folder = inventoryFolder(resolve(options.workspace), root);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let place = openPlace(folder);
  const locks = await takeLocks(fileStore(folder), ["scan"], {
    job: "curate scan",
    ...{ clock, random, log },
    onLost: (error) => stop.abort(error),
    signal,
  });
  const startedMs = clock.now();
  const tell = tellNowAndThen(log, clock);
  const name = shownPath(root || "/");
  let running: ScanThreads | undefined;
  try {
    // another process may have finished a scan while this one waited
    place = openPlace(folder);
    const known = knownFolders(place);
    const segment = (thread: number) => piecePath(place, "walk", thread);
    const threads = startScanThreads(options.jobs, (thread) => ({
      root,
      segment: segment(thread),
      known: { table: known.table.memory, files: known.files },
      startedMs,
      full,
    }));
    running = threads;
    const began = clock.monotonic();
    const tree = await walkTree(threads, signal, ({ files, folders }, at) =>
      tell(() => `${name}: ${counted(files, "file")} in ${counted(folders, "folder")}, now at ${shownPath(at)}`),
    );
    let listed = piecePath(place, "listed");
    mergeSegments(
      tree,
      threads.all.map((_, thread) => segment(thread)),
      listed,
    );
    const walkedMs = clock.monotonic();
    let headTotals: HeadTotals = { read: 0, known: 0 };
    if (heads !== "none") {
      const out = piecePath(place, "heads");
      headTotals = await readHeads(listed, out, {
        choice: heads,
        threads: threads.all,
        signal,
        onProgress: ({ read }, at) => tell(() => `${name}: ${read} heads read, now at ${shownPath(at)}`),
      });
      rmSync(listed, { force: true });
      listed = out;
    }
    const head: InventoryHead = {
      version: 1,
      root,
      startedMs,
      finishedMs: clock.now(),
      heads,
      generation: place.generation,
      runPatterns: (options.runPatterns ?? place.head?.runPatterns)?.filter((source) => source !== ""),
      totals: tree.totals,
      failures: tree.failures.sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
    commitInventory(place, listed, head);
    const endedMs = clock.monotonic();
    return { root, head, walkSeconds: (walkedMs - began) / 1000, headSeconds: (endedMs - walkedMs) / 1000, headTotals };
  } catch (error) {
    if (signal.aborted) throw asEmporiumError(signal.reason, "CANCELLED", { hint: "run the same command again to resume" });
    throw errorOfDisk(error, folder);
  } finally {
    await running?.end();
    await locks.release();
  }
}

function errorOfDisk(error: unknown, folder: string): unknown {
  return error instanceof Error && "errno" in error ? fileError(error, folder, "written") : error;
}

/** Absolute paths without a `/` at the end. A folder inside another one of the list is scanned with that. */
function rootsOf(dirs: readonly string[], { workspace, writes = {}, ...given }: ScanOptions): string[] {
  const { log } = envOf(given);
  const roots = dirs.map((dir) => {
    const { path } = parseLocation(dir);
    if (path === undefined) {
      throw new EmporiumError("USAGE", `${dir} is not a folder of this machine`, { hint: "mount the drive, or copy it first" });
    }
    let real: string;
    try {
      real = realpathSync(path);
      if (!statSync(path).isDirectory()) throw new EmporiumError("USAGE", `${path} is a file; expected a folder`);
    } catch (error) {
      const found = fileError(error, path, "read");
      throw new EmporiumError("USAGE", found.message, { place: { file: path }, hint: found.facts.hint, cause: error });
    }
    return { path: resolve(path).replace(/\/+$/, ""), real };
  });
  for (const { path, real } of roots) {
    refuseInside(workspace, real, path, "the workspace", "choose another folder with --workspace DIR");
    for (const [option, written] of Object.entries(writes))
      if (written !== undefined) refuseInside(written, real, path, option, "write it outside of the archive");
  }
  const kept: typeof roots = [];
  for (const [at, root] of roots.entries()) {
    const over = roots.find(
      (other, place) => place !== at && isInside(root.real, other.real) && !(other.real === root.real && place > at),
    );
    if (over === undefined) kept.push(root);
    else log.info(`${shownPath(root.path)} is in ${shownPath(over.path)}: scanned once`);
  }
  return kept.map(({ path }) => path);
}

/** @throws {EmporiumError} USAGE if the path to be written is inside a source */
export function refuseInside(written: string, real: string, shown: string, what: string, hint: string): void {
  const nesting = nestingOf(written, real);
  if (nesting !== "same" && nesting !== "inside") return;
  throw new EmporiumError("USAGE", `${what} ${written} is inside ${shown}, which is never written`, { hint });
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function failureRecord(root: string, { path, failure }: { path: string; failure: FolderFailure }): ErrorRecord {
  const where = shownPath(path === "" ? root || "/" : `${root}/${path}`);
  const cause = Object.assign(new Error(failure.errno), { code: failure.errno });
  const error = fileError(cause, where, "listed");
  const message =
    failure.names === undefined
      ? error.message
      : `${where}: ${counted(failure.names, "name")} in it cannot be looked at (${failure.errno})`;
  return toErrorRecord(new EmporiumError(error.code, message, error.facts));
}
