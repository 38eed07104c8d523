import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { exitOf, noteLines, type Report, withText } from "../../../core/report.js";
import { counted, formatBytes } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { Bases } from "../../../portals/bases.js";
import { objectName, type Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { shownPath } from "../inventory/path-bytes.js";
import { refuseInside, type Scan, type ScanOptions, scanArchive } from "../inventory/scan.js";
import { classifier } from "../labels/classify.js";
import { stemOf } from "../labels/count.js";
import { vocabularyOf } from "../labels/vocabulary.js";
import { checkBatchId } from "../ledger/batches.js";
import type { Batch } from "../ledger/events.js";
import { type OpenLedger, readLedger, withLedger } from "../ledger/ledger.js";
import { isOpen } from "../ledger/states.js";
import { keptRuns, portalRuns } from "../match/runs-source.js";
import { readMatches } from "../missing/match-table.js";
import { runCompleter } from "./complete-runs.js";
import { type FoundModels, findModels } from "./find-models.js";
import { type BatchFile, MANIFEST, type Manifest, parseManifest, printManifest } from "./manifest.js";
import { type BatchPlan, planBatch } from "./plan-batch.js";
import { type Sent, sendFiles } from "./send.js";

export interface CollectOptions extends Pick<ScanOptions, "workspace" | "jobs" | "full">, GivenEnv {
  /** Table of matched runs. */
  matches: string;
  /** Label of the vocabulary, or a file name without `.mod`. */
  label: string;
  /** Folder, or place in a bucket, that the files are written to. */
  dest: string;
  /** Name of the batch. Default: drives and label, with a number if that name was submitted already. */
  batch?: string | undefined;
  /** Portal or file of runs, for ids that the matches lack. Default: the portals' answers that are cached in the workspace. */
  runs?: string | undefined;
  vocabulary?: string | undefined;
  /** Folder or bucket of a shared ledger. Default: in the workspace. */
  ledger?: string | undefined;
  /** Read and decide everything, write nothing. */
  dryRun?: boolean | undefined;
  bases?: Bases | undefined;
  anonymous?: boolean | undefined;
  /** Replaces the store of `dest`. */
  target?: Store | undefined;
}

export interface CollectReport extends Report {
  readonly batch: string;
  readonly label: string;
  readonly dest: string;
  readonly dry_run: boolean;
  readonly counts: {
    readonly files: number;
    readonly bytes: number;
    readonly runs: number;
    readonly datasets: number;
    /** Files that this run wrote; `present`: existing files with the same content. */
    readonly written: number;
    readonly present: number;
    /** Files of an earlier collection of this batch that no longer belong to it. */
    readonly removed: number;
    readonly copies: number;
    readonly collisions: number;
    readonly already_submitted: number;
    readonly empty: number;
    /** Models of the label in no matched run. */
    readonly outside: number;
  };
  readonly files: readonly (BatchFile & { readonly action: Sent | "would write" })[];
  readonly notes: readonly string[];
}

/**
 * Collects the models of one label into a batch: each under the name of its portal run, with a manifest of their sources and a
 * line in the ledger. Every file is read back and compared with its hash. Nothing is written below the archive's folders.
 *
 * After a stop or failure the same command ends with the same files. A file that another batch holds is left out, unless its
 * content is new; files of one name and different contents are told apart by their hashes. Both are in `errors`.
 *
 * @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD, ALREADY_SUBMITTED, TARGET_LOCKED before anything is written;
 *   DISK_FULL, …
 */
export async function collectBatch(dirs: readonly string[], options: CollectOptions): Promise<CollectReport> {
  const { workspace, jobs, full, dryRun = false } = options;
  const env = envOf(options);
  const { clock, log, signal } = env;
  const classify = classifier(await vocabularyOf(options.vocabulary));
  const wanted = classify(stemOf(options.label));
  if (wanted.class === "automatic") {
    throw new EmporiumError("USAGE", `${options.label} names models that programs make: ${wanted.meaning}`, {
      hint: "choose another label: portals accept no automatic models",
    });
  }
  const matches = await readMatches(options.matches);
  const { bases, anonymous } = options;
  const lists =
    options.runs === undefined
      ? await keptRuns(workspace)
      : (await portalRuns(options.runs, { workspace, bases, anonymous, ...env })).runs;
  const target = options.target ?? (await openStore(options.dest, { clock }));
  for (const dir of dirs) refuseSource(options.dest, dir, "");
  const archive = await scanArchive(dirs, { workspace, jobs, full, heads: "all", ...env });
  const found = await findModels(archive, matches, wanted.label, classify, signal);
  if (found.byName && matches.some(({ path }) => path !== ""))
    log.warn("no path of the matches is in these folders: runs are identified by their names");
  const run = async (ledger: Pick<OpenLedger, "batches"> & Partial<OpenLedger>) => {
    const batch = options.batch ?? freeBatch(archive, wanted.label, target.url, ledger.batches);
    checkBatch(batch, ledger.batches.get(batch));
    const plan = await planBatch(found.models, { complete: runCompleter(lists), batch, batches: ledger.batches, signal });
    for (const dir of dirs)
      for (const dataset of new Set(plan.files.map((file) => file.portal_dataset_id))) refuseSource(options.dest, dir, dataset);
    return finish({ archive, found, plan, batch, label: wanted.label, target, ledger, dryRun, options });
  };
  return dryRun
    ? run(await readLedger({ workspace, ledger: options.ledger }))
    : withLedger({ workspace, ledger: options.ledger, ...env }, `curate collect ${wanted.label}`, run);
}

/** @throws {EmporiumError} USAGE where the destination is inside of a source. */
function refuseSource(dest: string, dir: string, below: string): void {
  const { path } = parseLocation(dest);
  if (path === undefined) return;
  let real: string;
  try {
    real = realpathSync(dir);
  } catch {
    return; // the scan reports it
  }
  refuseInside(join(path, below), real, dir, "--dest", "collect into a folder outside of the archive");
}

/** The default name of a batch: drives and label, with a number if that batch was submitted or is stored elsewhere. */
function freeBatch(archive: Scan, label: string, url: string, batches: ReadonlyMap<string, Batch>): string {
  const roots = [...new Set(archive.roots.map(({ path }) => path.split("/").at(-1) || "root"))].sort();
  const drives = roots.length > 2 ? `${roots[0]}+${roots.length - 1}` : roots.join("+");
  const name = `${drives}-${label}`.replace(/[^\p{L}\p{N}+._-]+/gu, "_");
  for (let number = 1; ; number++) {
    const id = number === 1 ? name : `${name}-${number}`;
    const known = batches.get(id);
    if (!known || (isOpen(known.state) && (known.dest === undefined || known.dest === url))) return id;
  }
}

function checkBatch(id: string, known: Batch | undefined): void {
  checkBatchId(id);
  if (!known || isOpen(known.state)) return;
  const hint =
    known.state === "rejected"
      ? `emporium curate batches set '${id}' draft opens it again`
      : "choose another --batch: new and changed files alone go into it";
  throw new EmporiumError("ALREADY_SUBMITTED", `batch ${id} is ${known.state}, and cannot be collected any more`, { hint });
}

interface Finish {
  archive: Scan;
  found: FoundModels;
  plan: BatchPlan;
  batch: string;
  label: string;
  target: Store;
  ledger: Partial<OpenLedger>;
  dryRun: boolean;
  options: CollectOptions;
}

async function finish({ archive, found, plan, batch, label, target, ledger, dryRun, options }: Finish): Promise<CollectReport> {
  const { clock, onEvent } = envOf(options);
  const signal = ledger.signal ?? options.signal;
  const earlier = await earlierManifest(target, batch, signal);
  const drives = [...new Set(plan.files.map(({ drive }) => drive))].sort();
  const errors = [...archive.errors, ...found.errors, ...plan.errors];
  let sent: readonly Sent[] = [];
  let removed: readonly string[] = [];
  if (!dryRun && plan.files.length > 0) {
    const facts = { label, drives, species: speciesOf(plan.files), dest: target.url };
    if (!ledger.batches!.has(batch)) await ledger.add!({ batch, state: "draft", facts });
    sent = await sendFiles(plan.files, { target, clock, signal, onEvent });
    const created = earlier?.created ?? new Date(clock.now()).toISOString();
    const manifest: Manifest = { version: 1, batch, label, drives, created, files: plan.files };
    const bytes = Buffer.from(printManifest(manifest));
    const checksum = createHash("sha256").update(bytes).digest("hex");
    await target.write(MANIFEST, bytes, { signal, contentType: "application/json" });
    const kept = new Set(plan.files.map(({ dest }) => dest));
    removed = (earlier?.files ?? []).flatMap(({ dest }) => (kept.has(dest) ? [] : [dest]));
    for (const key of removed) await target.remove(key, { signal });
    const known = ledger.batches!.get(batch)!;
    if (known.state !== "packed" || known.checksum !== checksum || known.dest !== target.url) {
      await ledger.add!({
        batch,
        state: "packed",
        facts: { ...facts, fileCount: plan.files.length, runCount: runsOf(plan.files), checksum },
        files: plan.files.map(({ sha256, dest }) => ({ sha256, dest })),
      });
    }
  }
  if (plan.files.length === 0 && errors.length === 0) errors.push(nothingFound(label, found));
  const { copies, collisions, alreadySubmitted } = plan.counts;
  const counts = {
    files: plan.files.length,
    bytes: plan.files.reduce((sum, { size }) => sum + size, 0),
    runs: runsOf(plan.files),
    datasets: new Set(plan.files.map(({ portal_dataset_id }) => portal_dataset_id)).size,
    written: sent.filter((action) => action === "written").length,
    present: sent.filter((action) => action === "present").length,
    removed: removed.length,
    copies,
    collisions,
    already_submitted: alreadySubmitted,
    empty: found.empty.length,
    outside: found.outside,
  };
  const notes = [
    ...plan.notes,
    ...found.empty.map((path) => `${shownPath(path)} is empty: left out`),
    ...sameWork(ledger, batch, label, drives),
  ];
  const document: Omit<CollectReport, "toText"> = {
    batch,
    label,
    dest: target.url,
    dry_run: dryRun,
    counts,
    files: plan.files.map((file, at) => ({ ...file, action: sent[at] ?? "would write" })),
    notes,
    errors,
    exitStatus: plan.files.length === 0 && found.models.length === 0 && alreadySubmitted === 0 ? 1 : exitOf(errors.length),
  };
  return withText(document, (report) => linesOf(report, target));
}

async function earlierManifest(target: Store, batch: string, signal: AbortSignal | undefined): Promise<Manifest | undefined> {
  const bytes = await target.read(MANIFEST, undefined, { signal });
  if (!bytes) return undefined;
  const file = objectName(target, MANIFEST);
  const manifest = parseManifest(bytes, file);
  if (manifest.batch === batch) return manifest;
  throw new EmporiumError("USAGE", `${target.url} holds batch ${manifest.batch}, and ${batch} is to be collected`, {
    place: { file },
    hint: `choose another --dest, or --batch ${manifest.batch}`,
  });
}

/** Batches that were entered without their files, so their contents cannot be compared. */
function sameWork({ batches }: Partial<OpenLedger>, batch: string, label: string, drives: readonly string[]): string[] {
  return [...(batches?.values() ?? [])].flatMap((other) => {
    const same =
      other.id !== batch &&
      other.files.length === 0 &&
      other.state !== "rejected" &&
      other.label?.toLowerCase() === label.toLowerCase() &&
      (other.drives ?? []).some((drive) => drives.includes(drive));
    return same ? [`batch ${other.id} (${other.state}) has this label and drive, but the ledger does not list its files`] : [];
  });
}

function nothingFound(label: string, { outside }: FoundModels): ErrorRecord {
  const hint =
    outside > 0
      ? `match their runs first: ${counted(outside, "such model is", "such models are")} in unmatched runs`
      : "run emporium curate labels to list the labels";
  return toErrorRecord(new EmporiumError("NO_MATCH", `no model of label ${label} is in a matched run`, { hint }));
}

const speciesOf = (files: readonly BatchFile[]) => [...new Set(files.flatMap(({ species }) => species ?? []))];
const runsOf = (files: readonly BatchFile[]) => new Set(files.map(({ portal_run_id }) => portal_run_id)).size;

const NOTES_SHOWN = 10;

function linesOf(
  { batch, label, counts, files, notes, dry_run: dryRun }: Omit<CollectReport, "toText">,
  target: Store,
): string[] {
  const species = new Map<string, number>();
  for (const { species: name } of files) species.set(name ?? "", (species.get(name ?? "") ?? 0) + 1);
  const where = target.local ? target.local.path("") : target.url;
  const done = dryRun ? "nothing is written" : `${counts.written} written, ${counts.present} already there`;
  const left = [
    [counts.copies, "further copies of the same content"],
    [counts.collisions, "names with several contents, kept apart by their hashes"],
    [counts.already_submitted, "in other batches already"],
    [counts.empty, "empty"],
    [counts.outside, "in unmatched runs"],
  ].flatMap(([count, what]) => (Number(count) > 0 ? [`${count} ${what}`] : []));
  return [
    `batch ${batch}: ${counted(counts.files, "file")} of ${label} (${formatBytes(counts.bytes)}) of ${counted(counts.runs, "run")} in ${counted(counts.datasets, "dataset")}; ${done}`,
    ...[...species].map(
      ([name, count]) => `  ${String(count).padStart(5)}  ${name === "" ? "unknown species" : shownPath(name)}`,
    ),
    ...(left.length > 0 ? [`skipped: ${left.join(", ")}`] : []),
    ...(counts.removed > 0 ? [`removed: ${counted(counts.removed, "file")} that this batch had before, and has no more`] : []),
    ...noteLines(notes, NOTES_SHOWN),
    ...(dryRun || counts.files === 0 ? [] : [`written: ${where.replace(/\/$/, "")}/${MANIFEST}`]),
  ];
}
