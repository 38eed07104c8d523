import { EmporiumError } from "../../../core/errors.js";
import type { TaskState } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import { treeAddresses } from "./addresses.js";
import { syncAnnotations } from "./annotation-rows.js";
import { addCounts, countsOf, rowsNow } from "./counts.js";
import { placeOf, rootOf, valueAt } from "./documents.js";
import type { OpenDataset } from "./import-dataset.js";
import type { Importing } from "./importing.js";
import { fingerprintWith } from "./kinds.js";
import { MAPPING_VERSION } from "./mapping.js";
import { depositionOf, readRun } from "./run-documents.js";
import { deleteStale, type RunSession, syncRun } from "./run-rows.js";
import { lockFor, noteRun } from "./state.js";
import { compactCounts } from "./tidy.js";
import { fingerprintOf, type RunFiles } from "./tree.js";

const RUNS_BETWEEN_COMPACTIONS = 250;

/** Imports one run. If it fails, it stays as it was. */
export async function importRun(
  importing: Importing,
  dataset: OpenDataset,
  files: RunFiles,
  newId: number | undefined,
): Promise<void> {
  const { faults, progress, runs } = importing;
  const settle = progress.run(files.folder);
  let state: TaskState = "failed";
  const failed = await faults.guard(async () => {
    state = await syncIfChanged(importing, dataset, files, newId);
  });
  settle(state);
  if (!failed) return;
  runs.failed++;
  dataset.failedFolders.add(files.folder);
}

/** @returns `already` for a run that has not changed since the last import */
async function syncIfChanged(
  importing: Importing,
  dataset: OpenDataset,
  files: RunFiles,
  newId: number | undefined,
): Promise<"done" | "already"> {
  const { context, depositions, faults, runs, options, imported } = importing;
  const { store, database, signal, log } = options;
  const { prefixes, again, wanted } = context;
  const salt = JSON.stringify([MAPPING_VERSION, prefixes, dataset.id, dataset.deposition]);
  const whole = await fingerprintOf(store, files, salt, signal);
  const fingerprint = fingerprintWith(whole, wanted);
  const seen = dataset.seen.get(files.folder);
  if (!again && (seen?.fingerprint === whole || seen?.fingerprint === fingerprint)) {
    await claim(store, dataset, seen.name, files);
    const before = dataset.before?.get(files.folder);
    if (before && before.fingerprint !== seen.fingerprint) {
      // a process of this import has done it, and was killed before it could say so
      runs.imported++;
      addCounts(context.counts, countsOf(seen.rows, seen.id === before.newId ? "inserted" : "unchanged"));
      return "done";
    }
    runs.unchanged++;
    addCounts(context.counts, countsOf(seen.rows, "unchanged"));
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
  await claim(store, dataset, name, files);
  const others = [...documents.tiltseries, ...documents.alignments, ...documents.tomograms.map(({ document }) => document)];
  await depositions.need(others.map((document) => depositionOf(document, dataset.deposition)));
  const before = told.length;
  await context.transact(async (session, counts) => {
    told.length = before;
    await lockFor(session, `run ${dataset.id}/${name}`);
    const addresses = treeAddresses(prefixes, files.folder, files, (key) => {
      const { file, url } = placeOf(store, key);
      note(`${file ?? url} is named by a document and is not there`);
    });
    const at: RunSession = { wanted, session, counts, files, dataset, newId, addresses, stale: [], warn: note };
    const ids = await syncRun(at, documents);
    await syncAnnotations(at, store, documents.annotations, ids, (of) => depositions.need(of), signal);
    await deleteStale(at);
    await noteRun(session, { id: ids.run.ids[0]!, folder: files.folder, fingerprint, rows: rowsNow(counts) });
  });
  runs.imported++;
  // readers add up all appended counts, so they must not become too many
  imported.runs++;
  if (imported.runs % RUNS_BETWEEN_COMPACTIONS === 0) await database.steady(() => compactCounts(database.db));
  for (const message of told) faults.warn(message);
  log.debug(`imported ${files.folder}`);
  return "done";
}

/** Two folders with one run's name would overwrite each other's row. */
async function claim(store: Store, { names, claim: claimOfAll }: OpenDataset, name: string, { folder }: RunFiles): Promise<void> {
  const own = names.get(name) ?? folder;
  if (own === folder) names.set(name, folder);
  const other = own === folder ? ((await claimOfAll?.(name, folder)) ?? folder) : own;
  if (other === folder) return;
  const key = `${folder}/run_metadata.json`;
  throw new EmporiumError("FORMAT_FIELD", `the run ${JSON.stringify(name)} found, which ${other} is already`, {
    place: { ...placeOf(store, key), path: "run_name" },
    hint: "each folder of a dataset needs a run_name of its own",
  });
}
