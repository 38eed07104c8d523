import { cancelled } from "../../../core/cancel.js";
import { asEmporiumError, type EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { type Report, withText } from "../../../core/report.js";
import { counted, formatBytes } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { IoMode } from "../../../stores/io-mode.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Store } from "../../../stores/store.js";
import type { Plan } from "../plan/plan.js";
import { openBucket, syncSource } from "../run/sources.js";
import { sameAsObject } from "../sync/contents.js";
import { groupSources } from "../sync/groups.js";
import { objectsOf, ownerOf } from "../sync/steps.js";
import { type SyncSource, type WantedFile, wantedFiles } from "../sync/wanted.js";

/** Number of names kept for each kind of difference; all are counted. */
const NAMED_MAX = 100;
/** Number of files whose contents are compared in parallel. */
const COMPARED_AT_ONCE = 4;

export interface VerifyOptions extends GivenEnv {
  /** Read the sources and compare contents. Default true; otherwise only sizes are compared. */
  readonly checksum?: boolean | undefined;
  /** Whether long files of this machine are read past the page cache. Default `auto`. */
  readonly io?: IoMode | undefined;
}

/** Keys with the same fault: the first ones, and their number. */
interface Differences {
  readonly count: number;
  readonly keys: readonly string[];
}

interface VerifyItem {
  readonly id: string;
  readonly source: { readonly files: number; readonly bytes: number };
  readonly bucket: { readonly files: number; readonly bytes: number };
  /** Keys of the source that are not in the bucket. */
  readonly missing: Differences;
  /** Keys in the bucket below the item's target without a source. */
  readonly extra: Differences;
  readonly size_differs: Differences;
  readonly checksum_differs: Differences;
  /** Files that could not be read, and a missing source. */
  readonly unread: Differences;
}

/** Differences, item by item. */
export interface Comparison extends Report {
  readonly bucket: string;
  readonly checksums: boolean;
  readonly items: readonly VerifyItem[];
  /** Commands that repair the differences. */
  readonly hints: readonly string[];
  /** 0: no difference, 4: differences. */
  readonly exitStatus: number;
}

export interface VerifyReport extends Comparison {
  readonly sample: string;
}

/**
 * Compares the bucket with the sources of a plan, item by item: objects that are missing, have no source, or differ in size or
 * content. Nothing is written. Contents are compared by the objects' ETags where those are MD5s, also of parts; otherwise objects
 * are read.
 */
export async function publishVerify(plan: Plan, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { clock } = envOf(options);
  const target = await openBucket(plan, { readOnly: true, clock });
  const compared = await compareSources(
    {
      title: plan.sample,
      command: "publish run",
      items: plan.items.map(({ id, bytes }) => ({ id, bytes: bytes ?? 0 })),
      groups: groupSources(plan.items.map((item) => syncSource(plan, item))),
      target,
    },
    { ...options, clock },
  );
  return { sample: plan.sample, ...compared };
}

export interface CompareSubject {
  /** Name of the sources in the last line: the sample, the tree. */
  readonly title: string;
  /** Command that sends the sources. */
  readonly command: string;
  readonly items: readonly { readonly id: string; readonly bytes: number }[];
  readonly groups: readonly (readonly SyncSource[])[];
  readonly target: Store;
  /** Errors of sources that were refused before: they belong to no item, and are not compared. */
  readonly refused?: readonly EmporiumError[] | undefined;
}

export async function compareSources(
  { title, command, items: subjects, groups, target, refused = [] }: CompareSubject,
  { checksum = true, io, ...given }: VerifyOptions,
): Promise<Comparison> {
  const { clock, signal, onEvent } = envOf(given);
  const tallies = new Map(subjects.map(({ id }) => [id, tally()]));
  const errors: ErrorRecord[] = refused.map(toErrorRecord);
  const fail = (id: string, key: string, thrown: unknown) => {
    if (signal?.aborted) throw cancelled(signal);
    const found = tallies.get(id)!;
    if (found.unread.count < NAMED_MAX) errors.push(toErrorRecord(asEmporiumError(thrown)));
    note(found.unread, key);
  };
  const bytes = subjects.reduce((sum, one) => sum + one.bytes, 0);
  const plan = { tasks: subjects.length, bytes, resumed: false, createdMs: clock.now() };
  onEvent({ atMs: clock.monotonic(), kind: "plan", ...plan });
  const briefs = new Map(subjects.map(({ id, bytes }) => [id, { id, title: `${id} in the bucket`, run: "verify", bytes }]));
  const idsOf = (group: readonly SyncSource[]) => [...new Set(group.map(({ id }) => id))];
  const last = new Map(groups.flatMap((group) => idsOf(group).map((id) => [id, group])));
  const begun = new Set<string>();
  for (const group of groups) {
    const ids = idsOf(group);
    const tell = (id: string) => ({ atMs: clock.monotonic(), task: briefs.get(id)! });
    for (const id of ids) if (!begun.has(id)) onEvent({ ...tell(id), kind: "start", threads: 1, notes: 0 });
    for (const id of ids) begun.add(id);
    try {
      await verifyGroup(group, { target, checksum, io, signal, tallies, fail });
    } catch (thrown) {
      for (const { id, key } of group) fail(id, key, thrown);
    }
    for (const id of ids) if (last.get(id) === group) onEvent({ ...tell(id), kind: "settled", state: "done", seconds: 0 });
  }
  const items = subjects.map(({ id }): VerifyItem => ({ id, ...tallies.get(id)! }));
  const differs = refused.length > 0 || items.some((item) => KINDS.some(([kind]) => item[kind].count > 0));
  const hints = hintsOf(items, command);
  const document = { bucket: target.url, checksums: checksum, items, hints, errors, exitStatus: differs ? 4 : 0 };
  return withText(document, () => [
    ...items.flatMap((item) => {
      const { source, bucket } = item;
      const head = `${item.id}: ${counted(source.files, "file")} (${formatBytes(source.bytes)}), in the bucket ${bucket.files} (${formatBytes(bucket.bytes)})`;
      return [head, ...KINDS.flatMap(([kind, words]) => linesOf(item[kind], words))];
    }),
    ...refused.map(({ message }) => `not compared: ${message}`),
    `${title} in ${target.url}: ${differs ? "differences found" : `the same${checksum ? "" : " by name and size"}`}`,
    ...hints.map((hint) => `hint: ${hint}`),
  ]);
}

/** Commands that repair the differences. Sending compares size and time, and removes nothing, unless options say otherwise. */
function hintsOf(items: readonly VerifyItem[], command: string): string[] {
  const has = (kind: (typeof KINDS)[number][0]) => items.some((item) => item[kind].count > 0);
  return [
    ...(has("missing") || has("size_differs") ? [`${command} sends missing objects and those of another size`] : []),
    ...(has("checksum_differs")
      ? [`${command} --checksum sends objects with different contents, which size and time alone do not reveal`]
      : []),
    ...(has("extra") ? [`${command} --delete removes objects without a source`] : []),
    ...(has("unread") ? ["repair what could not be read, and verify again"] : []),
  ];
}

const KINDS = [
  ["missing", "missing in the bucket"],
  ["extra", "in the bucket without a source"],
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
  io: IoMode | undefined;
  signal: AbortSignal | undefined;
  tallies: ReadonlyMap<string, Tally>;
  fail(id: string, key: string, thrown: unknown): void;
}

async function verifyGroup(group: readonly SyncSource[], context: VerifyContext): Promise<void> {
  const { target, checksum, io, signal, tallies, fail } = context;
  const of = ({ id }: SyncSource) => tallies.get(id)!;
  const running = new Set<Promise<void>>();
  const held: { key: string; found: Entry | undefined; sources: Set<SyncSource> } = {
    key: "",
    found: undefined,
    sources: new Set(),
  };

  /** Counts an object without a source for the first item above it. */
  function extra(entry: Entry): void {
    const owner = ownerOf(group, entry.key);
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
    const job = sameAsObject(file, entry, target, { signal, io })
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
