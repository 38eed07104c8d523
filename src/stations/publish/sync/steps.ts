import type { EmporiumError } from "../../../core/errors.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Store } from "../../../stores/store.js";
import { holds } from "./groups.js";
import type { SyncContext, SyncCounts } from "./task.js";
import { type OnUnsendable, type SyncSource, type WantedFile, wantedFiles } from "./wanted.js";

/** One key: a file with the object that the target has under its key, or an object without a source. */
export type Step = FileStep | ExtraStep;
export interface FileStep {
  readonly file: WantedFile;
  readonly entry: Entry | undefined;
}
export interface ExtraStep {
  readonly extra: Entry;
  readonly source: SyncSource;
}

export interface StepsOptions {
  /** Return objects without a source as steps; else only count them. */
  readonly removing: boolean;
  readonly counts: ReadonlyMap<string, SyncCounts>;
  readonly onUnsendable: OnUnsendable;
}

/**
 * The files and the listing of a group of sources, merged in the order of keys, so memory does not grow with their number. Each
 * key comes once; where two sources have it, from the first.
 */
export async function* stepsOf(
  group: readonly SyncSource[],
  { removing, counts, onUnsendable }: StepsOptions,
  { target, signal, log }: Pick<SyncContext, "target" | "signal" | "log">,
): AsyncGenerator<Step> {
  /** Sources that could not be read completely: objects that seem left over may belong to them. */
  const incomplete = new Set<SyncSource>();
  const isKept = new Set<SyncSource>();
  const unsendable = (source: SyncSource, key: string, error: EmporiumError) => {
    incomplete.add(source);
    onUnsendable(source, key, error);
  };
  const extraStep = (extra: Entry): ExtraStep | undefined => {
    const source = ownerOf(group, extra.key);
    if (!source) return undefined;
    if (!removing || source.removes === false) {
      counts.get(source.id)!.extra++;
      return undefined;
    }
    if (!incomplete.has(source)) return { extra, source };
    if (!isKept.has(source)) {
      const words = `${source.path} could not be read as a whole, so nothing below ${target.url}/${source.key} is removed`;
      counts.get(source.id)!.warnings.push(words);
      log.warn(words);
    }
    isKept.add(source);
    return undefined;
  };
  // An object that seems left over may be of an unreadable file. So a first walk checks that everything is readable.
  if (removing) for await (const _ of wantedFiles(group, (source) => incomplete.add(source), signal));
  const files = wantedFiles(group, unsendable, signal);
  const entries = objectsOf(group, target, signal);
  let entry = await entries.next();
  let last: string | undefined;
  try {
    for await (const file of files) {
      if (file.key === last) continue;
      last = file.key;
      const count = counts.get(file.source.id)!;
      count.files++;
      count.bytes += file.size;
      for (; !entry.done && compareKeys(entry.value.key, file.key) < 0; entry = await entries.next()) {
        const step = extraStep(entry.value);
        if (step) yield step;
      }
      const found = !entry.done && entry.value.key === file.key ? entry.value : undefined;
      if (found) entry = await entries.next();
      yield { file, entry: found };
    }
    for (; !entry.done; entry = await entries.next()) {
      const step = extraStep(entry.value);
      if (step) yield step;
    }
  } finally {
    await entries.return(undefined);
  }
}

/** The first source of a group that a key of the target belongs to. */
export function ownerOf(group: readonly SyncSource[], key: string): SyncSource | undefined {
  return group.find((source) => holds(source, key) && source.takes(source.key === "" ? key : key.slice(source.key.length + 1)));
}

/** The target's objects under the keys of a group: one listing, or one request for each single file. */
export async function* objectsOf(
  group: readonly SyncSource[],
  target: Store,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry> {
  // The sources of a group overlap, so all its folders are below the one with the shortest key.
  const top = group.filter(({ kind }) => kind === "folder").sort((a, b) => a.key.length - b.key.length)[0];
  if (top) return yield* target.list(top.key === "" ? "" : `${top.key}/`, { signal });
  for (const { key } of group.slice(0, 1)) {
    const stat = await target.stat(key, { signal });
    if (stat) yield { key, ...stat };
  }
}
