import type { Kysely } from "kysely";
import type { CatalogTables, Database } from "../../../catalog/database.js";
import { type TreePrefixes, USUAL_PREFIXES } from "../../../catalog/import-prefixes.js";
import type { Clock } from "../../../core/clock.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { OnEvent } from "../../../engine/events.js";
import type { TaskState } from "../../../engine/task.js";
import { objectName, type Store } from "../../../stores/store.js";
import { treeAddresses } from "./addresses.js";
import { syncAnnotations } from "./annotation-rows.js";
import { addCounts, type Counts, count, countUnchanged, rowsNow } from "./counts.js";
import { chooseDatasets, type DatasetExpressions } from "./dataset-filter.js";
import { placeOf, rootOf, valueAt } from "./documents.js";
import { type ImportProgress, importProgress } from "./import-progress.js";
import { fingerprintWith, wantedKinds } from "./kinds.js";
import { MAPPING_VERSION } from "./mapping.js";
import { type ImportReport, importReport, type RunCounts } from "./report.js";
import { type DatasetRoot, type RootContext, readDataset, syncDataset, syncDeposition } from "./root-rows.js";
import { depositionOf, readRun } from "./run-documents.js";
import { deleteRuns, deleteStale, type RunSession, syncRun } from "./run-rows.js";
import { ask, lastPrefixes, lockFor, notePrefixes, noteRun, type SeenRun, seenRuns } from "./state.js";
import { compactCounts, tidyTables } from "./tidy.js";
import { fingerprintOf, type RunFiles, walkTree } from "./tree.js";

export interface ImportOptions {
  /** The standardised tree. Only read. */
  readonly store: Store;
  readonly database: Database;
  /** What addresses in rows begin with. Default: what the last import of this database gave them. */
  readonly prefixes?: TreePrefixes | undefined;
  /** Folders of datasets and numbers of depositions. Neither: all that the tree holds. */
  readonly datasets?: readonly string[] | undefined;
  readonly depositions?: readonly number[] | undefined;
  /** Which of the datasets, by name. */
  readonly expressions?: DatasetExpressions | undefined;
  /** Kinds of rows that are imported, with those that they belong to (`IMPORT_KINDS`). Default: all. */
  readonly kinds?: readonly string[] | undefined;
  /** Look at runs that have not changed since the last import as well. */
  readonly again?: boolean | undefined;
  /** Runs that are processed in parallel. Default 4. */
  readonly jobs?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

const JOBS = 4;
const WARNINGS = 100;
const ATTEMPTS = 4;
/** Numbers that are taken from the sequence at once: what is left of them is never used. */
const RUN_IDS = 16;
const RUNS_BETWEEN_COMPACTIONS = 250;

/**
 * Makes the portal's tables say what a standardised tree holds. One listing is taken; each run is one transaction, and so are datasets
 * and depositions, so that whatever ends the process leaves runs whole or absent. What fails is told and left as it was; the rest is
 * done. Runs that a dataset does not hold any more are removed; datasets and depositions never are. Rows of kinds that are not imported
 * stay as they are.
 *
 * ```ts
 * const report = await importTree({ store, database, prefixes: { s3: "s3://lab", https: "https://data.example.org" }, clock, log });
 * ```
 *
 * @throws {EmporiumError} STORE_… where the tree cannot be listed, DATABASE_UNAVAILABLE, DATABASE_DENIED, CANCELLED.
 */
export async function importTree(options: ImportOptions): Promise<ImportReport> {
  return await new Import(options).run();
}

interface OpenDataset extends DatasetRoot {
  readonly folder: string;
  /** Its own row was found equal, and is counted so. */
  readonly kept: boolean;
  readonly seen: ReadonlyMap<string, SeenRun>;
  /** Names of the runs that were met, and of those that could not be read: they stay. */
  readonly names: Map<string, string>;
  readonly failedFolders: Set<string>;
}

class Import {
  readonly #options: ImportOptions;
  readonly #counts: Counts = new Map();
  readonly #runs: RunCounts = { imported: 0, unchanged: 0, failed: 0, removed: 0 };
  readonly #errors: ErrorRecord[] = [];
  readonly #warnings: string[] = [];
  #warningCount = 0;
  readonly #depositions = new Map<number, Promise<EmporiumError | undefined>>();
  #context: RootContext;
  readonly #newIds: number[] = [];
  readonly #progress: ImportProgress;
  #fatal: EmporiumError | undefined;

  constructor(options: ImportOptions) {
    this.#options = options;
    const { store, signal, again = false, database, datasets, depositions, clock, onEvent } = options;
    const runs = datasets !== undefined || depositions === undefined;
    this.#progress = importProgress({ store, datasets, runs, clock, onEvent, signal });
    this.#context = {
      db: database.db,
      store,
      wanted: wantedKinds(options.kinds),
      prefixes: USUAL_PREFIXES,
      again,
      signal,
      warn: (message) => this.#warn(message),
      transact: (work) => this.#transact(work),
      counts: this.#counts,
    };
  }

  async run(): Promise<ImportReport> {
    const { store, database, clock, signal } = this.#options;
    const begun = clock.monotonic();
    await this.#progress.begin();
    const prefixes = await this.#usePrefixes();
    const found = await this.#walk();
    if (this.#runs.imported + this.#runs.removed > 0) {
      await database.steady(() => compactCounts(database.db));
      await database.steady(() => tidyTables(database, signal));
    }
    const rows = [...this.#counts.values()];
    const report = importReport({
      location: store.local ? store.local.path("") : store.url,
      database: database.server.name,
      s3_prefix: prefixes.s3,
      https_prefix: prefixes.https,
      runs: this.#runs,
      counts: this.#counts,
      anythingDone: found && rows.length > 0,
      seconds: (clock.monotonic() - begun) / 1000,
      warnings: this.#warnings,
      warning_count: this.#warningCount,
      errors: this.#errors,
    });
    this.#progress.end(report.exitStatus);
    return report;
  }

  /** Notes them before any row has them: a server takes off whatever it knows, and puts its own address there. */
  async #usePrefixes(): Promise<TreePrefixes> {
    const { database, prefixes } = this.#options;
    const used = await database.steady(async () => {
      const { s3, https } = prefixes ?? (await lastPrefixes(database.db)) ?? USUAL_PREFIXES;
      const bare = { s3: s3.replace(/\/+$/, ""), https: https.replace(/\/+$/, "") };
      await notePrefixes(database.db, bare);
      return bare;
    });
    this.#context = { ...this.#context, prefixes: used };
    return used;
  }

  /** @returns whether there was anything to import. */
  async #walk(): Promise<boolean> {
    const { store, signal, depositions, expressions = {}, jobs = JOBS } = this.#options;
    const chosen = await chooseDatasets(store, this.#options.datasets, expressions, signal);
    for (const warning of chosen?.warnings ?? []) this.#warn(warning);
    const datasets = chosen?.folders ?? this.#options.datasets;
    const all = datasets === undefined && depositions === undefined;
    const { wanted } = this.#context;
    for (const id of depositions ?? []) await this.#deposition(id);
    let open: OpenDataset | undefined;
    let found = false;
    const met = new Set<string>();
    const running = new Set<Promise<void>>();
    const settle = async () => {
      await Promise.all(running);
      if (this.#fatal) throw this.#fatal;
    };
    try {
      for await (const part of walkTree(store, all ? undefined : (datasets ?? []), signal)) {
        if (this.#fatal) throw this.#fatal;
        if (part.kind === "deposition") {
          found = true;
          if (all && wanted.has("Deposition") && /^\d{1,9}$/.test(part.id)) await this.#deposition(Number(part.id));
        } else if (part.kind === "top") {
          open = await this.#openDataset(part.folder);
          if (open) met.add(part.folder);
        } else if (part.kind === "run") {
          if (!open || !wanted.has("Run")) continue;
          if (running.size >= jobs) await Promise.race(running);
          const newId = open.seen.has(part.files.folder) ? undefined : await this.#newRunId();
          const work: Promise<void> = this.#run(open, part.files, newId).finally(() => running.delete(work));
          running.add(work);
        } else {
          await settle();
          if (open) await this.#closeDataset(open, part.bytes);
          open = undefined;
        }
      }
      await settle();
    } finally {
      await Promise.allSettled(running);
    }
    for (const folder of this.#options.datasets?.filter((name) => datasets?.includes(name)) ?? []) {
      if (met.has(folder) || this.#errors.some(({ file, url }) => (file ?? url ?? "").includes(`/${folder}/`))) continue;
      const key = `${folder}/dataset_metadata.json`;
      this.#fail(
        new EmporiumError("STORE_ABSENT", `${objectName(store, key)} does not exist`, { hint: "check --dataset and LOCATION" }),
      );
    }
    found ||= met.size > 0 || this.#errors.length > 0 || depositions !== undefined;
    if (found) return true;
    if (chosen) {
      throw new EmporiumError("STORE_ABSENT", "no dataset found: --filter-datasets and --exclude-dataset leave none", {
        place: store.local ? { file: store.local.path("") } : { url: store.url },
        hint: "expressions are matched from the start of the names of the datasets' folders",
      });
    }
    throw new EmporiumError("STORE_ABSENT", "no dataset found: no folder has a dataset_metadata.json", {
      place: store.local ? { file: store.local.path("") } : { url: store.url },
      hint: "give the folder that holds the datasets' folders, as ingest run writes it",
    });
  }

  /** Each deposition is looked at once. A failure is told once, and ends what needs the row if there is none. */
  #deposition(id: number): Promise<EmporiumError | undefined> {
    let known = this.#depositions.get(id);
    if (!known) {
      known = this.#guard(() => syncDeposition(this.#context, id));
      this.#depositions.set(id, known);
    }
    return known;
  }

  async #needDepositions(ids: readonly number[]): Promise<void> {
    const isThere = async (id: number) => {
      const { rows } = await ask(this.#context.db, "select 1 from emporium_portal.deposition where id = $1", [id]);
      return rows.length > 0;
    };
    for (const id of new Set(ids)) {
      if (!this.#context.wanted.has("Deposition") && (await isThere(id))) continue;
      const error = await this.#deposition(id);
      if (!error || (await isThere(id))) continue;
      throw new EmporiumError(error.code, `deposition ${id} could not be imported: ${error.message}`, error.facts);
    }
  }

  async #openDataset(folder: string): Promise<OpenDataset | undefined> {
    let open: OpenDataset | undefined;
    await this.#guard(async () => {
      const root = await readDataset(this.#context, folder);
      if (!root) return;
      await this.#needDepositions([root.deposition]);
      const kept = await syncDataset(this.#context, folder, root);
      const seen = await seenRuns(this.#context.db, root.id);
      open = { id: root.id, deposition: root.deposition, folder, kept, seen, names: new Map(), failedFolders: new Set() };
    });
    return open;
  }

  /** Runs are processed in parallel, and numbered in the order of their folders all the same. */
  async #newRunId(): Promise<number | undefined> {
    if (this.#newIds.length === 0) {
      await this.#guard(async () => {
        const { rows } = await ask<{ id: number }>(
          this.#context.db,
          "select nextval('emporium_portal.run_id_seq')::integer as id from generate_series(1, $1)",
          [RUN_IDS],
        );
        this.#newIds.push(...rows.map(({ id }) => id));
      });
    }
    return this.#newIds.shift();
  }

  async #run(dataset: OpenDataset, files: RunFiles, newId: number | undefined): Promise<void> {
    const settle = this.#progress.run(files.folder);
    let state: TaskState = "failed";
    const failed = await this.#guard(async () => {
      state = await this.#importRun(dataset, files, newId);
    });
    settle(state);
    if (!failed) return;
    this.#runs.failed++;
    dataset.failedFolders.add(files.folder);
  }

  /** @returns `already` for a run that is as the last import saw it. */
  async #importRun(dataset: OpenDataset, files: RunFiles, newId: number | undefined): Promise<"done" | "already"> {
    const { store, database, signal, log } = this.#options;
    const { prefixes, again } = this.#context;
    const salt = JSON.stringify([MAPPING_VERSION, prefixes, dataset.id, dataset.deposition]);
    const { wanted } = this.#context;
    const whole = await fingerprintOf(store, files, salt, signal);
    const fingerprint = fingerprintWith(whole, wanted);
    const seen = dataset.seen.get(files.folder);
    if (!again && (seen?.fingerprint === whole || seen?.fingerprint === fingerprint)) {
      this.#claim(dataset, seen.name, files);
      this.#runs.unchanged++;
      countUnchanged(this.#counts, seen.rows);
      return "already";
    }
    const told: string[] = [];
    const note = (message: string) => told.push(message);
    const documents = await readRun(store, files, wanted, signal, note);
    const root = rootOf(documents.run);
    const name = String(valueAt(root, "run_name") ?? "");
    if (name === "") {
      throw new EmporiumError("FORMAT_FIELD", "a run without run_name found", { place: documents.run.place("run_name") });
    }
    this.#claim(dataset, name, files);
    const others = [...documents.tiltseries, ...documents.alignments, ...documents.tomograms.map(({ document }) => document)];
    await this.#needDepositions(others.map((document) => depositionOf(document, dataset.deposition)));
    const before = told.length;
    await this.#transact(async (session, counts) => {
      told.length = before;
      await lockFor(session, `run ${dataset.id}/${name}`);
      const addresses = treeAddresses(prefixes, files.folder, files, (key) => {
        const { file, url } = placeOf(store, key);
        note(`${file ?? url} is named by a document and is not there`);
      });
      const at: RunSession = { wanted, session, counts, files, dataset, newId, addresses, stale: [], warn: note };
      const ids = await syncRun(at, documents);
      await syncAnnotations(at, store, documents.annotations, ids, (of) => this.#needDepositions(of), signal);
      await deleteStale(at);
      await noteRun(session, { id: ids.run.ids[0]!, folder: files.folder, fingerprint, rows: rowsNow(counts) });
    });
    this.#runs.imported++;
    // who looks on meanwhile adds up what has been appended: not too much of it
    if (this.#runs.imported % RUNS_BETWEEN_COMPACTIONS === 0) await database.steady(() => compactCounts(database.db));
    for (const message of told) this.#warn(message);
    log.debug(`imported ${files.folder}`);
    return "done";
  }

  /** Two folders that name one run would take its row from each other. */
  #claim({ names }: OpenDataset, name: string, { folder }: RunFiles): void {
    const other = names.get(name);
    if (other !== undefined && other !== folder) {
      const key = `${folder}/run_metadata.json`;
      throw new EmporiumError("FORMAT_FIELD", `the run ${JSON.stringify(name)} found, which ${other} is already`, {
        place: { ...placeOf(this.#options.store, key), path: "run_name" },
        hint: "each folder of a dataset needs a run_name of its own",
      });
    }
    names.set(name, folder);
  }

  /** What the dataset does not hold any more goes, and its size is what the listing came to. */
  async #closeDataset(dataset: OpenDataset, bytes: number | undefined): Promise<void> {
    const { db } = this.#context;
    await this.#guard(async () => {
      const { rows } = await ask<{ id: number; name: string; s3_prefix: string }>(
        db,
        "select id, name, s3_prefix from emporium_portal.run where dataset_id = $1",
        [dataset.id],
      );
      const failed = [...dataset.failedFolders];
      const gone = rows.filter(
        ({ name, s3_prefix }) =>
          this.#context.wanted.has("Run") &&
          !dataset.names.has(name) &&
          !failed.some((folder) => s3_prefix.endsWith(`/${folder}/`)),
      );
      for (const { id, name } of gone) {
        await this.#transact(async (session, counts) => {
          await lockFor(session, `run ${dataset.id}/${name}`);
          await deleteRuns(session, [id], counts);
        });
        this.#runs.removed++;
      }
      const size = await ask<{ same: boolean }>(
        db,
        "select file_size is not distinct from $2::float8 as same from emporium_portal.dataset where id = $1",
        [dataset.id, bytes ?? null],
      );
      if (size.rows[0]?.same !== false) return;
      await ask(db, "update emporium_portal.dataset set file_size = $2::float8 where id = $1", [dataset.id, bytes ?? null]);
      if (dataset.kept) count(this.#counts, "Dataset", { unchanged: -1, updated: 1 });
    });
  }

  /** Counts of a transaction count once it is done. A deadlock, or rows that another import changed meanwhile, are tried again. */
  async #transact<T>(work: (db: Kysely<CatalogTables>, counts: Counts) => Promise<T>): Promise<T> {
    const { db } = this.#context;
    for (let attempt = 1; ; attempt++) {
      const counts: Counts = new Map();
      try {
        const result = await db.transaction().execute((session) => work(session, counts));
        addCounts(this.#counts, counts);
        return result;
      } catch (error) {
        if (attempt === ATTEMPTS || asEmporiumError(error).facts.retry !== "now") throw error;
      }
    }
  }

  /**
   * Failures of one thing are told and the rest goes on; those of the database itself, or of whoever asked, end the import. A server
   * that was away is met with the whole thing again, which changes nothing where a lost answer was a yes.
   */
  async #guard(work: () => Promise<void>): Promise<EmporiumError | undefined> {
    try {
      this.#options.signal?.throwIfAborted();
      await this.#options.database.steady(work);
      return undefined;
    } catch (thrown) {
      const error = asEmporiumError(thrown, this.#options.signal?.aborted ? "CANCELLED" : "INTERNAL");
      if (this.#options.signal?.aborted || ENDING.includes(error.code)) this.#fatal ??= error;
      else this.#fail(error);
      return error;
    }
  }

  #fail(error: EmporiumError): void {
    const record = toErrorRecord(error);
    const known = this.#errors.some(({ message, code }) => message === record.message && code === record.code);
    if (!known || error.facts.place?.path) this.#errors.push(record);
  }

  #warn(message: string): void {
    this.#warningCount++;
    if (this.#warnings.length < WARNINGS) this.#warnings.push(message);
  }
}

const ENDING: readonly string[] = ["DATABASE_UNAVAILABLE", "DATABASE_DENIED", "DATABASE_VERSION", "DISK_FULL", "CANCELLED"];
