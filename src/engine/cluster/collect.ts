import { EmporiumError } from "../../core/errors.js";
import { silentLog } from "../../core/log.js";
import { counted } from "../../core/units.js";
import type { Store } from "../../stores/store.js";
import type { BlockSource } from "../blocks/block-source.js";
import { mergeReceipts } from "../blocks/merge.js";
import { blocksFolder } from "../blocks/run-blocks.js";
import type { Env } from "../env.js";
import { encodeLine } from "../journal-lines.js";
import { measureLeftovers, removeLeftovers } from "../leftovers.js";
import { takeLocks } from "../lock.js";
import { blocksOf } from "./block-run.js";
import { keptFigures, stageFigures } from "./cost.js";
import type { RunEnd } from "./gate.js";
import { END, figuresKey, GRAPH, GRAPH_INDEX, journalFolder, segmentKey } from "./run-files.js";
import { contentsFolder, contentsKey } from "./run-receipts.js";
import { getJson, hasEnded, type OpenRun, putJson, type RunStage } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import { listSegments, readJournals, SEED, type StageJournals } from "./stage-journals.js";

/** Kinds of objects that a run leaves. `parts`: unfinished files of processes that died, beside the outputs. */
const LEAVINGS = ["journals", "tasks", "submissions", "logs", "contents", "parts"] as const;
type Leaving = (typeof LEAVINGS)[number];

export interface Amount {
  readonly objects: number;
  /** Bytes of files; those of open uploads are not known. */
  readonly bytes: number;
}

export interface Collected {
  readonly run: string;
  readonly url: string;
  readonly removed: Readonly<Record<Leaving, Amount>>;
  /** Receipts that stay, and what they take. */
  readonly receipts: number;
  readonly keptBytes: number;
}

/**
 * Removes what an ended run has left, but for its record, its end, what was given up, and its receipts: those go into one object a stage, where
 * later imports, `verify` and `engine status` find them as before. First they are written and read again, then the others go; killed at any
 * moment and called again, it ends the same.
 *
 * @param dryRun only count
 * @throws {EmporiumError} USAGE for a run that is open, TARGET_LOCKED, STORE_…
 */
export async function collectRun(run: OpenRun, env: Env, dryRun = false): Promise<Collected> {
  await refuseOpen(run);
  if (dryRun) return collect(run, true);
  const { store, record } = run;
  const onLost = () => {};
  const locks = await takeLocks(store, record.locks, { job: `engine gc ${record.name}`, ...env, onLost });
  try {
    await refuseOpen(run); // somebody may have tried again what was given up
    return await collect(run, false);
  } finally {
    await locks.release();
  }
}

async function refuseOpen(run: OpenRun): Promise<void> {
  if (await hasEnded(run)) return;
  throw new EmporiumError("USAGE", `the run ${run.record.id} is open: what it has left is still needed`, {
    place: { url: run.url },
    hint: "wait for the run (emporium engine status shows its progress), or end it with engine cancel",
  });
}

async function collect(run: OpenRun, dryRun: boolean): Promise<Collected> {
  const { store, folder, record } = run;
  const removed = Object.fromEntries(LEAVINGS.map((what) => [what, { objects: 0, bytes: 0 }])) as Record<Leaving, Amount>;
  const kept = new Set<string>();
  const texts = new Set<string>();
  let receipts = 0;
  for (const stage of record.stages) {
    const journals = await tasksOf(run).journals(stage);
    removed.parts = sum(removed.parts, await removeParts(run, stage, journals, dryRun));
    receipts += journals.done.size;
    for (const { outputs } of journals.receipts.values()) for (const { key } of outputs) texts.add(contentsKey(folder, key));
    if (journals.receipts.size > 0) kept.add(receiptsKey(run, stage));
    if (!dryRun) await keep(run, stage, journals);
  }
  let keptBytes = 0;
  for await (const { key, size } of store.list(folder)) {
    const what = leavingOf(key.slice(folder.length));
    if (what === undefined || kept.has(key) || texts.has(key)) {
      keptBytes += size;
      continue;
    }
    if (!dryRun) await store.remove(key);
    removed[what] = sum(removed[what], { objects: 1, bytes: size });
  }
  const source = blocksOf(record);
  if (source) {
    removed.journals = sum(removed.journals, await collectBlocks(source, store, dryRun));
    receipts = (await getJson<RunEnd>(store, `${folder}${END}`))?.done ?? 0;
  }
  return { run: record.id, url: run.url, removed, receipts, keptBytes };
}

/** Receipts of blocks go into their tables, which every run of these blocks reads. */
async function collectBlocks(source: BlockSource, store: Store, dryRun: boolean): Promise<Amount> {
  let segments: Amount = { objects: 0, bytes: 0 };
  for (const stage of source.stages) {
    for (const { keys, bytes } of await listSegments(store, blocksFolder(source), stage.name)) {
      segments = sum(segments, { objects: keys.length, bytes });
    }
    if (!dryRun) await mergeReceipts(store, blocksFolder(source), stage, { log: silentLog, remove: true });
  }
  return segments;
}

/** @returns undefined for what stays, and for what is not of this version */
function leavingOf(name: string): Leaving | undefined {
  if (name.startsWith("journal/")) return "journals";
  if (/^graph\.(ndjson|index)$/.test(name)) return "tasks";
  if (/^stages\/[^/]+\/(submitted\.\d+|retry|look)\.json$/.test(name)) return "submissions";
  // which process's outputs counted, and those of others
  if (/^(once|staging)\//.test(name)) return "submissions";
  if (name.startsWith("logs/")) return "logs";
  return name.startsWith(contentsFolder) ? "contents" : undefined;
}

const receiptsKey = ({ folder }: OpenRun, { name }: RunStage) =>
  `${folder}${segmentKey(name, { slice: 0, attempt: 0, token: SEED, part: 0 })}`;

/** The receipts of a stage as the journal that a run begins with, and its figures. What an interrupted call has kept stays. */
async function keep(run: OpenRun, stage: RunStage, journals: StageJournals): Promise<void> {
  const { store, folder } = run;
  if (!(await keptFigures(run, stage.name))) {
    await putJson(store, `${folder}${figuresKey(stage.name)}`, stageFigures(journals, run.record.resources));
  }
  if (journals.receipts.size === 0 || journals.attempts.size === 0) return;
  const lines = [...journals.receipts.values()].map((receipt) => encodeLine(JSON.stringify({ record: "done", receipt })));
  await store.write(receiptsKey(run, stage), Buffer.concat(lines), { contentType: "application/x-ndjson" });
  const read = await readJournals(store, folder, stage.name, { slice: NO_SLICE });
  if (read.receipts.size === journals.receipts.size) return;
  const found = `${read.receipts.size} of ${counted(journals.receipts.size, "receipt")}`;
  throw new EmporiumError("STORE_PROTOCOL", `${store.url}/${folder}${journalFolder(stage.name)}: ${found} were read again`, {
    hint: "run the command again; nothing was removed",
  });
}

/** Reads only what belongs to no slice: the journal that a run begins with. */
const NO_SLICE = -1;

/** Unfinished files of processes that wrote no end, or that had a slice beside others: they may have come back after the stage was over. */
async function removeParts(run: OpenRun, stage: RunStage, { attempts }: StageJournals, dryRun: boolean): Promise<Amount> {
  const { store } = run;
  let removed: Amount = { objects: 0, bytes: 0 };
  if (!(await hasTasks(run))) return removed;
  for (const [slice, tries] of attempts) {
    if (tries.size <= 1 && [...tries.values()].every(({ ended }) => ended)) continue;
    for (const outputs of await tasksOf(run).outputs(stage, slice)) {
      const found = await measureLeftovers(store, outputs);
      if (found.objects > 0 && !dryRun) await removeLeftovers(store, outputs);
      removed = sum(removed, found);
    }
  }
  return removed;
}

async function hasTasks({ record, store, folder }: OpenRun): Promise<boolean> {
  if (record.blocks) return true; // a formula, which is in the record
  return (await store.stat(`${folder}${GRAPH}`)) !== undefined && (await store.stat(`${folder}${GRAPH_INDEX}`)) !== undefined;
}

const sum = (a: Amount, b: Amount): Amount => ({ objects: a.objects + b.objects, bytes: a.bytes + b.bytes });

/** Time at which a run has ended; undefined for one that is open. Where the store tells no time, that of the plan. */
export async function endedMs({ store, folder, record }: OpenRun): Promise<number | undefined> {
  const stat = await store.stat(`${folder}${END}`);
  return stat && (stat.modifiedMs ?? record.createdMs);
}

/** @throws {EmporiumError} STORE_ABSENT for a run that `engine gc` has been at */
export async function refuseCollected(run: OpenRun): Promise<void> {
  const { store, folder, record } = run;
  const removed = [!(await hasTasks(run))];
  for (const { name } of record.stages) removed.push((await store.stat(`${folder}${figuresKey(name)}`)) !== undefined);
  if (!removed.includes(true)) return;
  throw new EmporiumError("STORE_ABSENT", `what the run ${record.id} has left was removed by engine gc`, {
    place: { url: run.url },
    hint: "run the command that began it: a new run does what is left",
  });
}
