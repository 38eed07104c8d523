import { cancelled } from "../../../core/cancel.js";
import type { EmporiumError } from "../../../core/errors.js";
import { type Carrier, JOBS, makeCarrier } from "../sync/carrier.js";
import { inLanes } from "../sync/lanes.js";
import { type ExtraStep, type Step, stepsOf } from "../sync/steps.js";
import { noCounts, type SendReason, type SyncContext, type SyncCounts, type SyncOptions } from "../sync/task.js";
import type { SyncSource, WantedFile } from "../sync/wanted.js";
import type { TreeItem } from "./select.js";
import { coveredBy, isOfRun, STAGES, type Stage, stageOf } from "./stages.js";

/** The most documents that wait in memory. Past it, those of finished runs are sent. */
const WAITING_MAX = 5_000;
const HELD_NAMED = 3;

export interface Waiting {
  readonly file: WantedFile;
  readonly reason: SendReason;
}

export interface ItemOptions extends SyncOptions {
  /** Something that the item's own document describes could not be sent, elsewhere. */
  readonly incomplete?: boolean | undefined;
  /** Called before documents are sent. @throws what must keep them back */
  readonly beforeDocuments?: (() => Promise<void>) | undefined;
}

/**
 * Sends a dataset or deposition in the order of `STAGES`. A document is sent after all that it describes; a failure holds back
 * the documents above it. With `delete` it then removes, documents first, what the source does not have; nothing if anything
 * failed.
 *
 * @throws {EmporiumError} CANCELLED; what the listing throws
 */
export async function syncItem(item: TreeItem, options: ItemOptions, context: SyncContext): Promise<SyncCounts> {
  const { signal } = context;
  const count = noCounts();
  const counts = new Map([[item.id, count]]);
  const failed = new Set<string>(options.incomplete ? [`${item.id}/`] : []);
  const carrier = makeCarrier(counts, options, context, (key) => markAbove(failed, key));
  const steps = peekable(stepsOfAll(item.sources, counts, carrier.fail, context));
  const lanes = options.jobs ?? JOBS;
  let waiting: Waiting[] = [];

  async function take(step: Step): Promise<void> {
    if ("extra" in step) return;
    const reason = await carrier.reason(step);
    if (reason === undefined) return;
    if (stageOf(step.file.key) === "body") await carrier.send(step.file, reason);
    else waiting.push({ file: step.file, reason });
  }

  for (let isLast = false; !isLast; ) {
    await inLanes(
      portion(steps, () => waiting.length >= WAITING_MAX),
      lanes,
      take,
      carrier.isOver,
    );
    if (signal?.aborted) throw cancelled(signal);
    isLast = carrier.isOver() || (await steps.isDone());
    const isReady = ({ file }: Waiting) => isLast || isOfRun(file.key);
    const ready = waiting.filter(isReady);
    waiting = waiting.filter((one) => !isReady(one));
    if (ready.length > 0 && !options.dryRun) await options.beforeDocuments?.();
    await sendDocuments(ready, { carrier, count, failed, lanes, signal });
  }
  if (options.delete && !signal?.aborted) await removeExtras(item, count, carrier, options, context);
  carrier.end();
  return count;
}

interface Documents {
  carrier: Carrier;
  count: SyncCounts;
  failed: Set<string>;
  lanes: number;
  signal: AbortSignal | undefined;
}

/** @returns keys of documents that are held back */
export async function sendDocuments(
  waiting: readonly Waiting[],
  { carrier, count, failed, lanes, signal }: Documents,
): Promise<string[]> {
  const held: string[] = [];
  for (const [stage, documents] of byStage(waiting, ({ file }) => file.key)) {
    if (stage === "body") continue;
    await inLanes(
      documents.values(),
      lanes,
      async ({ file, reason }) => {
        const isHeld = carrier.isOver() || coveredBy(file.key).some((folder) => failed.has(folder));
        if (!isHeld) return void (await carrier.send(file, reason));
        held.push(file.key);
        markAbove(failed, file.key);
      },
      () => false,
    );
    if (signal?.aborted) throw cancelled(signal);
  }
  count.held += held.length;
  if (held.length === 0) return held;
  const named = held.slice(0, HELD_NAMED).join(", ");
  const more = held.length > HELD_NAMED ? ` and ${held.length - HELD_NAMED} more` : "";
  count.warnings.push(`not sent, because something that they describe is missing: ${named}${more}`);
  return held;
}

/** Documents first, parents before children: a reader never finds an entity of which something is already removed. */
export async function removeExtras(
  { id, sources }: TreeItem,
  count: SyncCounts,
  carrier: Carrier,
  options: SyncOptions,
  context: SyncContext,
): Promise<void> {
  if (count.failed > 0) {
    count.warnings.push("nothing is removed, since not everything could be sent");
    return;
  }
  const { signal } = context;
  const lanes = options.jobs ?? JOBS;
  count.extra = 0;
  const extrasOf = async function* (isDocument: boolean): AsyncGenerator<ExtraStep> {
    const again = noCounts();
    for await (const step of stepsOfAll(sources, new Map([[id, again]]), () => {}, context, true))
      if ("extra" in step && (stageOf(step.extra.key) !== "body") === isDocument) yield step;
    count.extra = again.extra;
    if (isDocument) count.warnings.push(...again.warnings);
  };
  const documents: ExtraStep[] = [];
  for await (const step of extrasOf(true)) documents.push(step);
  for (const [, steps] of byStage(documents, ({ extra }) => extra.key).reverse()) {
    await inLanes(steps.values(), lanes, async (step) => void (await carrier.remove(step)), carrier.isOver);
    if (signal?.aborted) throw cancelled(signal);
    if (count.failed === 0) continue;
    count.warnings.push("no more is removed, since a document could not be");
    return;
  }
  await inLanes(extrasOf(false), lanes, async (step) => void (await carrier.remove(step)), carrier.isOver);
  if (signal?.aborted) throw cancelled(signal);
}

/** In the order of sending. */
function byStage<T>(items: readonly T[], keyOf: (item: T) => string): [Stage, T[]][] {
  const found = new Map<Stage, T[]>();
  for (const item of items) {
    const stage = stageOf(keyOf(item));
    const same = found.get(stage);
    if (same) same.push(item);
    else found.set(stage, [item]);
  }
  return STAGES.flatMap((stage): [Stage, T[]][] => (found.has(stage) ? [[stage, found.get(stage)!]] : []));
}

/** Every folder that a key lies in, with its last `/`. */
export function markAbove(folders: Set<string>, key: string): void {
  for (let end = key.lastIndexOf("/"); end >= 0; end = key.lastIndexOf("/", end - 1)) {
    folders.add(key.slice(0, end + 1));
  }
}

export async function* stepsOfAll(
  sources: readonly SyncSource[],
  counts: ReadonlyMap<string, SyncCounts>,
  onUnsendable: (source: SyncSource, key: string, error: EmporiumError) => void,
  context: SyncContext,
  removing = false,
): AsyncGenerator<Step> {
  for (const source of sources) yield* stepsOf([source], { removing, counts, onUnsendable }, context);
}

interface Peekable {
  take(): Promise<IteratorResult<Step, unknown>>;
  /** The run of the next step; undefined at the end. */
  nextRun(): Promise<string | undefined>;
  isDone(): Promise<boolean>;
}

/** Steps with a look at the next one. Calls are queued. */
function peekable(steps: AsyncGenerator<Step>): Peekable {
  let next = steps.next();
  return {
    take() {
      const now = next;
      next = now.then((result) => (result.done ? result : steps.next()));
      next.catch(() => {}); // the caller that takes it gets the error
      return now;
    },
    nextRun: async () => {
      const result = await next;
      return result.done ? undefined : runOf(result.value);
    },
    isDone: async () => (await next).done === true,
  };
}

function runOf(step: Step): string {
  const key = "file" in step ? step.file.key : step.extra.key;
  return key.split("/", 2).join("/");
}

/** Steps until `isFull`, then to the end of the current run. Calls are queued, so that all workers stop at the same step. */
function portion(steps: Peekable, isFull: () => boolean): AsyncIterator<Step, unknown> {
  let run: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const next = async (): Promise<IteratorResult<Step, unknown>> => {
    const comes = await steps.nextRun();
    if (comes === undefined || (run !== undefined && comes !== run && isFull())) return { done: true, value: undefined };
    run = comes;
    return steps.take();
  };
  return {
    next() {
      const result = turn.then(next);
      turn = result.catch(() => {});
      return result;
    },
  };
}
