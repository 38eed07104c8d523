import { type Clock, systemClock } from "../../../core/clock.js";
import { asEmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import type { OnEvent } from "../../../engine/events.js";
import { cancelled } from "../../../stores/cancel.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Store } from "../../../stores/store.js";
import { pathTaken } from "../plan/filters.js";
import type { Plan } from "../plan/plan.js";
import { openBucket, syncSource } from "../run/sources.js";
import { sameAsObject } from "../sync/contents.js";
import { groupSources, holds } from "../sync/groups.js";
import { objectsOf } from "../sync/sync.js";
import type { SyncSource } from "../sync/task.js";
import { type WantedFile, wantedFiles } from "../sync/wanted.js";

/** Names kept of each kind of difference; all are counted. */
const NAMED_MAX = 100;
/** Files whose contents are compared at once. */
const COMPARED_AT_ONCE = 4;

export interface VerifyOptions {
  /** Read the sources and compare contents. Default true; else sizes alone. */
  readonly checksum?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** Keys that share a fault: the first of them, and how many there are. */
export interface Differences {
  readonly count: number;
  readonly keys: readonly string[];
}

export interface VerifyItem {
  readonly id: string;
  readonly source: { readonly files: number; readonly bytes: number };
  readonly bucket: { readonly files: number; readonly bytes: number };
  /** Of the source, and not in the bucket. */
  readonly missing: Differences;
  /** In the bucket below the item's target, and of no source. */
  readonly extra: Differences;
  readonly size_differs: Differences;
  readonly checksum_differs: Differences;
  /** Files that could not be read, and the source when it is missing. */
  readonly unread: Differences;
}

export interface VerifyReport {
  readonly sample: string;
  readonly bucket: string;
  readonly checksums: boolean;
  readonly items: readonly VerifyItem[];
  readonly errors: readonly ErrorRecord[];
  /** 0 the same, 4 differences. */
  readonly exitStatus: number;
  toText(): string;
}

/**
 * Holds the bucket against the sources of a plan, item by item: what is missing, what is there and in no source, and whose size or contents differ. Neither side is
 * written. Contents are compared by the objects' tags where those are MD5s, also of parts; else objects are read.
 */
export async function publishVerify(plan: Plan, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { checksum = true, clock = systemClock, signal, onEvent = () => {} } = options;
  const target = await openBucket(plan, { readOnly: true, clock });
  const tallies = new Map(plan.items.map(({ id }) => [id, tally()]));
  const errors: ErrorRecord[] = [];
  const fail = (id: string, key: string, thrown: unknown) => {
    if (signal?.aborted) throw cancelled(signal);
    const found = tallies.get(id)!;
    if (found.unread.count < NAMED_MAX) errors.push(toErrorRecord(asEmporiumError(thrown)));
    note(found.unread, key);
  };
  const sources = plan.items.map((item) => syncSource(plan, item));
  const bytesTotal = plan.items.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  onEvent({
    atMs: clock.monotonic(),
    kind: "plan",
    tasks: sources.length,
    bytes: bytesTotal,
    resumed: false,
    createdMs: clock.now(),
  });
  for (const group of groupSources(sources)) {
    for (const { id } of group)
      onEvent({ atMs: clock.monotonic(), kind: "start", task: briefOf(plan, id), threads: 1, notes: 0 });
    try {
      await verifyGroup(group, { target, checksum, signal, tallies, fail });
    } catch (thrown) {
      for (const { id, key } of group) fail(id, key, thrown);
    }
    for (const { id } of group)
      onEvent({ atMs: clock.monotonic(), kind: "settled", task: briefOf(plan, id), state: "done", seconds: 0 });
  }
  const items = plan.items.map(({ id }): VerifyItem => ({ id, ...tallies.get(id)! }));
  const differs = items.some((item) => KINDS.some(([kind]) => item[kind].count > 0));
  return {
    sample: plan.sample,
    bucket: target.url,
    checksums: checksum,
    items,
    errors,
    exitStatus: differs ? 4 : 0,
    toText: () => {
      const lines = items.flatMap((item) => {
        const { source, bucket } = item;
        const head = `${item.id}: ${source.files} files (${formatBytes(source.bytes)}), in the bucket ${bucket.files} (${formatBytes(bucket.bytes)})`;
        return [head, ...KINDS.flatMap(([kind, words]) => linesOf(item[kind], words))];
      });
      return [
        ...lines,
        `${plan.sample} in ${target.url}: ${differs ? "differences found" : `the same${checksum ? "" : " by name and size"}`}`,
      ].join("\n");
    },
  };
}

const KINDS = [
  ["missing", "missing in the bucket"],
  ["extra", "in the bucket and of no source"],
  ["size_differs", "of another size"],
  ["checksum_differs", "of other contents"],
  ["unread", "not read"],
] as const;

const SHOWN = 10;

function linesOf({ count, keys }: Differences, words: string): string[] {
  if (count === 0) return [];
  return [
    `  ${count} ${words}`,
    ...keys.slice(0, SHOWN).map((key) => `    ${key}`),
    ...(count > SHOWN ? [`    and ${count - SHOWN} more`] : []),
  ];
}

type Noted = { count: number; keys: string[] };
type Tally = ReturnType<typeof tally>;

function tally() {
  const none = (): Noted => ({ count: 0, keys: [] });
  return {
    source: { files: 0, bytes: 0 },
    bucket: { files: 0, bytes: 0 },
    missing: none(),
    extra: none(),
    size_differs: none(),
    checksum_differs: none(),
    unread: none(),
  };
}

function note(noted: Noted, key: string): void {
  if (noted.count++ < NAMED_MAX) noted.keys.push(key);
}

interface VerifyContext {
  target: Store;
  checksum: boolean;
  signal: AbortSignal | undefined;
  tallies: ReadonlyMap<string, Tally>;
  fail(id: string, key: string, thrown: unknown): void;
}

async function verifyGroup(group: readonly SyncSource[], context: VerifyContext): Promise<void> {
  const { target, checksum, signal, tallies, fail } = context;
  const of = ({ id }: SyncSource) => tallies.get(id)!;
  const takes = new Map(group.map((source) => [source, pathTaken(source.filters)]));
  const running = new Set<Promise<void>>();
  const held: { key: string; found: Entry | undefined; sources: Set<SyncSource> } = {
    key: "",
    found: undefined,
    sources: new Set(),
  };

  /** Of no source: told of the first item that it lies below. */
  function extra(entry: Entry): void {
    const owner = group.find(
      (source) =>
        holds(source, entry.key) && takes.get(source)!(source.key === "" ? entry.key : entry.key.slice(source.key.length + 1)),
    );
    if (!owner) return;
    count(of(owner).bucket, entry);
    note(of(owner).extra, entry.key);
  }
  function compare(file: WantedFile, entry: Entry | undefined): void {
    const found = of(file.source);
    count(found.source, file);
    if (!entry) {
      note(found.missing, file.key);
      return;
    }
    count(found.bucket, entry);
    if (entry.size !== file.size) note(found.size_differs, file.key);
    if (entry.size !== file.size || !checksum) return;
    const job = sameAsObject(file, entry, target, signal)
      .then((same) => {
        if (!same) note(found.checksum_differs, file.key);
      })
      .catch((thrown: unknown) => fail(file.source.id, file.key, thrown))
      .finally(() => running.delete(job));
    running.add(job);
  }

  const entries = objectsOf(group, target, signal);
  let entry = await entries.next();
  try {
    for await (const file of wantedFiles(group, ({ id }, key, error) => fail(id, key, error), signal)) {
      if (file.key !== held.key || held.sources.size === 0) {
        for (; !entry.done && compareKeys(entry.value.key, file.key) < 0; entry = await entries.next()) extra(entry.value);
        const found = !entry.done && entry.value.key === file.key ? entry.value : undefined;
        Object.assign(held, { key: file.key, found, sources: new Set() });
        if (found) entry = await entries.next();
      }
      held.sources.add(file.source);
      compare(file, held.found);
      while (running.size >= COMPARED_AT_ONCE) await Promise.race(running);
    }
    for (; !entry.done; entry = await entries.next()) extra(entry.value);
  } finally {
    await Promise.allSettled(running);
    await entries.return(undefined);
  }
  if (signal?.aborted) throw cancelled(signal);
}

function count(sum: { files: number; bytes: number }, { size }: { size: number }): void {
  sum.files++;
  sum.bytes += size;
}

function briefOf(plan: Plan, id: string) {
  return { id, title: `${id} in the bucket`, run: "verify", bytes: plan.items.find((item) => item.id === id)?.bytes ?? 0 };
}
