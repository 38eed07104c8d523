import { existsSync } from "node:fs";
import type { Database } from "../../../catalog/database.js";
import { type TreePrefixes, USUAL_PREFIXES } from "../../../catalog/import-prefixes.js";
import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { absent, emptyHint, objectName, type Store } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import { addCounts, type Counts } from "./counts.js";
import { chooseDatasets } from "./dataset-filter.js";
import { Depositions } from "./depositions.js";
import { closeDataset, type OpenDataset, openDataset } from "./import-dataset.js";
import { ImportFaults } from "./import-faults.js";
import { type ImportProgress, importProgress } from "./import-progress.js";
import { importRun } from "./import-run.js";
import type { Importing, ImportOptions } from "./importing.js";
import { wantedKinds } from "./kinds.js";
import { type ImportReport, importReport, type RunCounts } from "./report.js";
import type { RootContext } from "./root-rows.js";
import { ask, lastPrefixes, notePrefixes } from "./state.js";
import { compactCounts, tidyTables } from "./tidy.js";
import { transactions } from "./transactions.js";
import { walkTree } from "./tree.js";

const JOBS = 4;
/** Numbers that are taken from the sequence at once. Unused ones are lost. */
const RUN_IDS = 16;

/**
 * Imports a standardised tree into the portal's tables, from one listing. Each run, dataset and deposition is one transaction, so
 * they are complete or absent whenever the process ends. A dataset that another tree has under the same number is refused
 * (`sameTree`) without `replace`. Failures are reported and leave their rows as they were; all others are
 * imported. Runs that are no longer in the tree are removed, datasets and depositions never. Rows of kinds that are not imported
 * stay.
 *
 * ```ts
 * const prefixes = { s3: "s3://lab", https: "https://data.example.org" };
 * const report = await importTree({ store, database, prefixes, clock, log });
 * ```
 *
 * @throws {EmporiumError} STORE_… if the tree cannot be listed, DATABASE_UNAVAILABLE, DATABASE_DENIED, CANCELLED
 */
export async function importTree(options: ImportOptions): Promise<ImportReport> {
  const { store, database, datasets, depositions, clock, signal, onEvent } = options;
  const progress = importProgress({
    store,
    datasets,
    runs: datasets !== undefined || depositions === undefined,
    clock,
    onEvent,
    signal,
  });
  const begun = clock.monotonic();
  await progress.begin();
  const prefixes = await usePrefixes(database, options.prefixes);
  const importing = startImporting(options, prefixes, { progress });
  const { faults, runs, context } = importing;
  const { counts } = context;
  const found = await walk(importing);
  for (const own of importing.depositions.counts.values()) addCounts(counts, own);
  if (runs.imported + runs.removed > 0) await tidyAfter(database, signal);
  const report = importReport({
    location: store.local ? store.local.path("") : store.url,
    database: database.server.name,
    s3_prefix: prefixes.s3,
    https_prefix: prefixes.https,
    runs,
    counts,
    anythingDone: found && counts.size > 0,
    seconds: (clock.monotonic() - begun) / 1000,
    warnings: faults.warnings,
    warning_count: faults.warningCount,
    errors: faults.errors,
  });
  progress.end(report.exitStatus);
  return report;
}

interface Started {
  readonly progress: ImportProgress;
  /** Depositions that other processes of this import have done. */
  readonly done?: ConstructorParameters<typeof Depositions>[2];
  readonly imported?: Importing["imported"];
}

/** The state of an import that has done nothing yet. */
export function startImporting(
  options: ImportOptions,
  prefixes: TreePrefixes,
  { progress, done, imported = { runs: 0 } }: Started,
): Importing {
  const { store, database, signal, again = false, replace = false } = options;
  const faults = new ImportFaults(database, signal);
  const counts: Counts = new Map();
  const runs: RunCounts = { imported: 0, unchanged: 0, failed: 0, removed: 0 };
  const { db } = database;
  const warn = (message: string) => faults.warn(message);
  const choices = { wanted: wantedKinds(options.kinds), prefixes, again, replace };
  const context: RootContext = { db, store, ...choices, signal, warn, transact: transactions(db, counts), counts };
  return { options, context, runs, faults, depositions: new Depositions(context, faults, done), progress, imported };
}

/** After an import that has changed runs. */
export async function tidyAfter(database: Database, signal: AbortSignal | undefined): Promise<void> {
  await database.steady(() => compactCounts(database.db));
  await database.steady(() => tidyTables(database, signal));
}

/** Stores the prefixes before any row has them, because a server replaces known prefixes by its own address. */
export async function usePrefixes(database: Database, given: TreePrefixes | undefined): Promise<TreePrefixes> {
  return database.steady(async () => {
    const { s3, https } = given ?? (await lastPrefixes(database.db)) ?? USUAL_PREFIXES;
    const bare = { s3: s3.replace(/\/+$/, ""), https: https.replace(/\/+$/, "") };
    await notePrefixes(database.db, bare);
    return bare;
  });
}

/** @returns whether there was anything to import */
async function walk(importing: Importing): Promise<boolean> {
  const { options, faults } = importing;
  const { store, signal, depositions, expressions = {} } = options;
  const chosen = await chooseDatasets(store, options.datasets, expressions, signal);
  for (const warning of chosen?.warnings ?? []) faults.warn(warning);
  const datasets = chosen?.folders ?? options.datasets;
  for (const id of depositions ?? []) await importing.depositions.sync(id);
  const { met, found } = await importParts(importing, datasets);
  const named = options.datasets?.filter((name) => datasets?.includes(name)) ?? [];
  for (const error of absentDatasets(store, named, met, faults.errors)) faults.fail(error);
  if (found || met.size > 0 || faults.errors.length > 0 || depositions !== undefined) return true;
  throw await nothingFound(store, chosen !== undefined);
}

/** Datasets that were named and are not there. @param met those that were found @param errors what was said already */
export function absentDatasets(
  store: Store,
  named: readonly string[],
  met: ReadonlySet<string>,
  errors: readonly ErrorRecord[],
): EmporiumError[] {
  return named
    .filter((folder) => !met.has(folder) && !errors.some(({ file, url }) => (file ?? url ?? "").includes(`/${folder}/`)))
    .map((folder) => {
      const name = objectName(store, `${folder}/dataset_metadata.json`);
      return new EmporiumError("STORE_ABSENT", `${name} does not exist`, { hint: "check --dataset and LOCATION" });
    });
}

/** Imports the parts of the tree as they are listed, runs of a dataset in parallel. */
async function importParts(importing: Importing, datasets: readonly string[] | undefined) {
  const { options, context, faults } = importing;
  const { store, signal, jobs = JOBS } = options;
  const all = datasets === undefined && options.depositions === undefined;
  const { wanted } = context;
  const newRunId = runIds(importing);
  let open: OpenDataset | undefined;
  let found = false;
  const met = new Set<string>();
  const running = new Set<Promise<void>>();
  const settle = async () => {
    await Promise.all(running);
    faults.throwFatal();
  };
  const links = new UnfollowedLinks();
  try {
    for await (const part of walkTree(store, all ? undefined : (datasets ?? []), signal, links.add)) {
      faults.throwFatal();
      if (part.kind === "deposition") {
        found = true;
        if (all && wanted.has("Deposition") && isDepositionId(part.id)) await importing.depositions.sync(Number(part.id));
      } else if (part.kind === "top") {
        open = await openDataset(importing, part.folder);
        if (open) met.add(part.folder);
      } else if (part.kind === "run") {
        if (!open || !wanted.has("Run")) continue;
        if (running.size >= jobs) await Promise.race(running);
        const newId = open.seen.has(part.files.folder) ? undefined : await newRunId();
        const work: Promise<void> = importRun(importing, open, part.files, newId).finally(() => running.delete(work));
        running.add(work);
      } else {
        await settle();
        if (open) await closeDataset(importing, open, part.bytes);
        open = undefined;
      }
    }
    await settle();
    const told = links.told(objectName(store, ""));
    if (told !== undefined) faults.warn(told);
  } finally {
    await Promise.allSettled(running);
  }
  return { met, found };
}

export const isDepositionId = (text: string): boolean => /^\d{1,9}$/.test(text);

/** Runs are imported in parallel, but numbered in the order of their folders. */
export function runIds({ context, faults }: Importing): () => Promise<number | undefined> {
  const left: number[] = [];
  return async () => {
    if (left.length === 0) {
      await faults.guard(async () => {
        const { rows } = await ask<{ id: number }>(
          context.db,
          "select nextval('emporium_portal.run_id_seq')::integer as id from generate_series(1, $1)",
          [RUN_IDS],
        );
        left.push(...rows.map(({ id }) => id));
      });
    }
    return left.shift();
  };
}

export async function nothingFound(store: Store, isChosen: boolean): Promise<EmporiumError> {
  const place = store.local ? { file: store.local.path("") } : { url: store.url };
  if (store.local && !existsSync(store.local.path(""))) return absent(store, "");
  if (!isChosen && (await store.stat("dataset_metadata.json")) !== undefined)
    return new EmporiumError("STORE_ABSENT", "no dataset found below: this folder is a dataset itself", {
      place,
      hint: "give the folder above it, which holds the folders of the datasets",
    });
  return isChosen
    ? new EmporiumError("STORE_ABSENT", "no dataset found: --filter-datasets and --exclude-dataset leave none", {
        place,
        hint: "check the expressions: they are matched from the start of the names of the datasets' folders",
      })
    : new EmporiumError("STORE_ABSENT", "no dataset found: no folder has a dataset_metadata.json", {
        place,
        hint: emptyHint(store.url, "give the folder that holds the datasets' folders, as ingest run writes it"),
      });
}
