import { inMemory } from "../../../core/bytes.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { shownPath } from "../inventory/path-bytes.js";
import type { Batch } from "../ledger/events.js";
import { drawnOn } from "../models/drawn-on.js";
import { summariseModel } from "../models/summary.js";
import type { CompleteRun } from "./complete-runs.js";
import type { FoundModel } from "./find-models.js";
import type { BatchFile } from "./manifest.js";
import { readSource } from "./read-source.js";
import { foldedName, targetName, withHash } from "./target-names.js";

export interface BatchPlan {
  /** Files sorted by species, the one of most files first, then by key. */
  readonly files: readonly BatchFile[];
  readonly errors: readonly ErrorRecord[];
  readonly notes: readonly string[];
  readonly counts: {
    /** Copies of the same content for the same run. */
    readonly copies: number;
    /** Files that have the name of a file with another content. */
    readonly collisions: number;
    readonly alreadySubmitted: number;
  };
}

export interface PlanBatchOptions {
  readonly complete: CompleteRun;
  readonly batch: string;
  readonly batches: ReadonlyMap<string, Batch>;
  readonly signal?: AbortSignal | undefined;
}

/** A file while the batch is planned. */
type Entry = { -readonly [Key in keyof BatchFile]: BatchFile[Key] } & { copies: string[]; cut: boolean };

/**
 * Reads every model and chooses its name: one file for each run and content. If several contents would get one name, each name
 * gets the beginning of its hash. A file that another batch contains is left out, unless its content has changed.
 */
export async function planBatch(models: readonly FoundModel[], options: PlanBatchOptions): Promise<BatchPlan> {
  const errors: ErrorRecord[] = [];
  const notes: string[] = [];
  const found: Entry[] = [];
  let copies = 0;
  const known = new Map<string, Entry>();
  for (const model of models) {
    options.signal?.throwIfAborted();
    for (const entry of await entriesOf(model, options.complete, errors)) {
      const key = keyOf(entry.dest, entry.sha256);
      const twin = known.get(key);
      if (twin) {
        twin.copies.push(entry.src);
        copies++;
      } else {
        known.set(key, entry);
        found.push(entry);
      }
    }
  }
  const { kept, refused } = leaveOutSubmitted(found, options);
  for (const record of refused) errors.push(record);
  const collisions = keepApart(kept, errors);
  for (const { src, dest, changed_since } of kept)
    if (changed_since !== undefined) notes.push(`${shownPath(src)}: another content than in batch ${changed_since}, as ${dest}`);
  const sizes = new Map([...groupsOf(kept, speciesOf)].map(([species, files]) => [species, files.length]));
  const files = kept
    .map(({ cut: _, ...file }): BatchFile => file)
    .sort(
      (a, b) =>
        sizes.get(speciesOf(b))! - sizes.get(speciesOf(a))! || byText(speciesOf(a), speciesOf(b)) || byText(a.dest, b.dest),
    );
  return { files, errors, notes, counts: { copies, collisions, alreadySubmitted: refused.length } };
}

async function entriesOf(model: FoundModel, complete: CompleteRun, errors: ErrorRecord[]): Promise<Entry[]> {
  const { file, folder, rows, label, volumes } = model;
  try {
    const { bytes, sha256 } = await readSource(file.path);
    const summary = await summariseModel(inMemory(bytes, shownPath(file.path)));
    const tomogram = drawnOn(summary, volumes);
    return rows.flatMap((row) => {
      try {
        const run = complete(row);
        const { dest, cut } = targetName(run, file.name);
        return [
          {
            src: file.path,
            copies: [],
            dest,
            sha256,
            size: bytes.length,
            drive: folder.drive,
            species: folder.species ?? null,
            archive_run: row.archiveRun,
            portal_run: run.name,
            portal_run_id: run.id,
            portal_dataset_id: run.datasetId,
            rule: row.rule,
            score: row.score,
            label,
            model: summary,
            tomogram,
            cut,
          },
        ];
      } catch (error) {
        errors.push(failureOf(error, file.path));
        return [];
      }
    });
  } catch (error) {
    errors.push(failureOf(error, file.path));
    return [];
  }
}

function failureOf(error: unknown, path: string): ErrorRecord {
  const record = toErrorRecord(asEmporiumError(error));
  const file = shownPath(path);
  return { ...record, message: record.message.includes(file) ? record.message : `${file}: ${record.message}`, file };
}

/** Removes files that another batch, not rejected, contains, and marks files that it contains with another content. */
function leaveOutSubmitted(found: readonly Entry[], { batch, batches }: PlanBatchOptions) {
  const others = [...batches.values()].filter(({ id, state }) => id !== batch && state !== "rejected");
  const byHash = new Map(others.flatMap((other) => other.files.map(({ sha256 }) => [sha256, other] as const)));
  const byDest = new Map(others.flatMap((other) => other.files.map(({ dest }) => [dest, other] as const)));
  const kept: Entry[] = [];
  const refused: ErrorRecord[] = [];
  for (const entry of found) {
    const other = byHash.get(entry.sha256);
    if (other) {
      const file = shownPath(entry.src);
      refused.push(
        toErrorRecord(
          new EmporiumError("ALREADY_SUBMITTED", `${file} is in batch ${other.id}, which is ${other.state}`, {
            place: { file },
            hint:
              other.state === "draft" || other.state === "packed"
                ? `go on with ${other.id}: emporium curate batches list tells its folder; to collect its files anew, set it to submitted and then to rejected`
                : "change the file, or set the batch to rejected, to collect the file again",
          }),
        ),
      );
      continue;
    }
    const before = byDest.get(entry.dest) ?? byDest.get(withHash(entry.dest, entry.sha256));
    kept.push(before ? { ...entry, changed_since: before.id } : entry);
  }
  return { kept, refused };
}

/** @returns the number of files whose name another file has */
function keepApart(entries: Entry[], errors: ErrorRecord[]): number {
  let collisions = 0;
  for (const group of groupsOf(entries, ({ dest }) => foldedName(dest)).values()) {
    if (group.length > 1) {
      collisions += group.length;
      const file = shownPath(group[0]!.src);
      errors.push(
        toErrorRecord(
          new EmporiumError(
            "COLLISION",
            `${group.map(({ src }) => shownPath(src)).join(" and ")} would all be ${group[0]!.dest}: each got the beginning of its hash`,
            { place: { file }, hint: "compare them in 3dmod; curate package takes only one: name the others with --leave-out" },
          ),
        ),
      );
    }
    for (const entry of group) if (group.length > 1 || entry.cut) entry.dest = withHash(entry.dest, entry.sha256);
  }
  return collisions;
}

const speciesOf = ({ species }: Pick<BatchFile, "species">): string => species ?? "";
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
