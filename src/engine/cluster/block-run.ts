import { silentLog } from "../../core/log.js";
import { absent, type Store } from "../../stores/store.js";
import { type BlockSet, blockSet } from "../blocks/block-set.js";
import { type BlockGraph, type BlockSource, blockOfTask, blockSource } from "../blocks/block-source.js";
import type { BlockRecord } from "../blocks/merge.js";
import { readReceipts } from "../blocks/receipt-pages.js";
import { blocksFolder } from "../blocks/run-blocks.js";
import { ALREADY } from "./run-files.js";
import type { OpenRun, RunRecord, RunStage } from "./run-record.js";
import {
  type AttemptFacts,
  type JournalsOptions,
  listSegments,
  readJournals,
  type StageJournals,
  segmentPayloads,
} from "./stage-journals.js";
import { retriedSince } from "./submissions.js";

/** Runs on clusters whose tasks are blocks. Tasks have numbers over all stages, and stages and slices of the run are ranges of these. */

const sources = new WeakMap<RunRecord, BlockSource>();

/** The blocks of a run; undefined where its tasks are a list. */
export function blocksOf(record: RunRecord): BlockSource | undefined {
  if (!record.blocks) return undefined;
  const source = sources.get(record) ?? blockSource(record.blocks as unknown as BlockGraph);
  sources.set(record, source);
  return source;
}

/** The number of a task; undefined for a name that is none of these blocks. */
export function numberOf(source: BlockSource, task: string): number | undefined {
  const { hash, index } = blockOfTask(task);
  const stage = source.stages.find((one) => one.hash === hash);
  return stage && stage.first + index;
}

/** Stages of the graph that a stage of the run has. */
function stagesWithin({ stages }: BlockSource, { slices }: RunStage) {
  return stages.filter(({ first, count }) => first + count > slices[0]! && first < slices.at(-1)!);
}

/** Tasks from `first` to before `end` that were done when the run began, counted from `first`. */
export async function readAlready(run: Pick<OpenRun, "store" | "folder">, first: number, end: number): Promise<BlockSet> {
  const key = `${run.folder}${ALREADY}`;
  const from = first >>> 3;
  const bytes = await run.store.read(key, { offset: from, length: Math.ceil(end / 8) - from });
  if (!bytes) throw absent(run.store, key);
  const all = blockSet(end - from * 8, bytes);
  if (first === from * 8) return all;
  const set = blockSet(end - first);
  for (let task = first; task < end; task++) if (all.has(task - from * 8)) set.add(task - first);
  return set;
}

/**
 * `readJournals` of a stage of blocks. What is done is told by the journals of the blocks themselves, which lie beside those of runs on one machine
 * and count whoever wrote them; the run's own tell of processes and failures.
 *
 * Memory: a bit a task, and one segment.
 */
export async function readBlockJournals(
  run: OpenRun,
  source: BlockSource,
  stage: RunStage,
  options: JournalsOptions = {},
): Promise<StageJournals> {
  const { store, folder } = run;
  const first = stage.slices[0]!;
  const journals = await readJournals(store, folder, stage.name, options);
  const done = await readAlready(run, first, stage.slices.at(-1)!);
  const doneBefore = done.size;
  const byAttempt = new Map<string, number>();
  const isRetried = (await retriedSince(run, stage.name)) > 0;
  let bytes = journals.bytes;
  for (const part of stagesWithin(source, stage)) {
    const add = (block: number) => done.add(part.first + block - first);
    // segments first: whoever merges them writes the table before they go
    for (const { name, keys, bytes: size } of await listSegments(store, blocksFolder(source), part.name)) {
      if (options.slice !== undefined && name.slice !== options.slice) continue;
      bytes += size;
      const attempt = `${name.slice}.${name.attempt}`;
      for (const key of keys) byAttempt.set(attempt, (byAttempt.get(attempt) ?? 0) + (await addRows(store, key, add)));
    }
    // only where the run had ended before can others have merged what it did
    if (!isRetried) continue;
    const receipts = await readReceipts(store, blocksFolder(source), part, silentLog);
    for (let block = 0; block < part.count; block++) if (receipts.has(block)) add(block);
  }
  const has = (task: string) => {
    const number = numberOf(source, task);
    return number !== undefined && done.has(number - first);
  };
  return {
    ...journals,
    done: { size: done.size, has },
    failed: withoutDone(journals.failed, has),
    deaths: withoutDone(journals.deaths, has),
    attempts: withCounts(journals.attempts, byAttempt),
    doneBefore,
    bytes,
  };
}

/** @returns how many blocks a segment proves done */
async function addRows(store: Store, key: string, add: (block: number) => void): Promise<number> {
  let count = 0;
  for (const payload of await segmentPayloads(store, key)) {
    const record = JSON.parse(payload.toString("utf8")) as BlockRecord;
    if (record.record !== "blocks") continue;
    for (const block of record.at) add(block);
    count += record.at.length;
  }
  return count;
}

function withoutDone<V>(tasks: ReadonlyMap<string, V>, isDone: (task: string) => boolean): Map<string, V> {
  return new Map([...tasks].filter(([task]) => !isDone(task)));
}

function withCounts(attempts: StageJournals["attempts"], counts: ReadonlyMap<string, number>): StageJournals["attempts"] {
  const counted = ([attempt, facts]: [number, AttemptFacts], slice: number): [number, AttemptFacts] => [
    attempt,
    { ...facts, done: counts.get(`${slice}.${attempt}`) ?? 0 },
  ];
  return new Map([...attempts].map(([slice, tries]) => [slice, new Map([...tries].map((entry) => counted(entry, slice)))]));
}
