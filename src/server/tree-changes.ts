import type { Clock } from "../core/clock.js";
import type { Store } from "../stores/store.js";
import type { ServedCatalogue } from "./api/context.js";
import { isHiddenKey } from "./hidden.js";

/** Whether a tree has changed since its catalogue was brought up to date. */
export interface TreeChanges {
  /**
   * Time of the last change that is known to be later than the import, ISO 8601; undefined without one. A call starts another
   * look, unless the last one is recent.
   */
  readonly changedAt: () => string | undefined;
  close(): Promise<void>;
}

/**
 * Milliseconds between two looks at least, and the pause in multiples of the length of the last look. Looks take a twentieth of
 * one disk's time at most.
 */
const PAUSE_MS = 15_000;
const PAUSE_SHARE = 20;
/** Number of files of one look. The standard layout has nine folders above a file; a link may lead back to a folder above. */
const FILES_MAX = 500_000;
const DEPTH_MAX = 12;

/** Looks at the dates and the number of a tree's files, without those of volumes that are folders: an ingest that writes them writes documents, too. */
export function treeChanges({ place: { store }, state, refresh }: ServedCatalogue, clock: Clock): TreeChanges {
  const closed = new AbortController();
  let counted: { readonly importedAt: string; readonly files: number; readonly changedMs: number } | undefined;
  let found: { readonly importedAt: string; readonly ms: number } | undefined;
  let looking: Promise<void> | undefined;
  let nextMs = Number.NEGATIVE_INFINITY;
  async function look(): Promise<void> {
    await refresh?.();
    const { importedAt } = state();
    if (importedAt === undefined) return;
    const now = clock.now();
    let [files, newest] = [0, 0];
    for await (const modifiedMs of datesBelow(store, "", closed.signal)) {
      // a date to come says nothing of when it changed
      if (modifiedMs <= now) newest = Math.max(newest, modifiedMs);
      if (++files === FILES_MAX) break;
    }
    // what was copied with its date, or removed, is known by the number only
    const isSame = counted?.importedAt !== importedAt || counted.files === files;
    const changedMs = isSame ? (counted?.importedAt === importedAt ? counted.changedMs : 0) : now;
    counted = { importedAt, files, changedMs };
    const ms = Math.max(newest, changedMs);
    // the moment of an import is told in whole seconds
    found = Math.floor(ms / 1000) * 1000 > Date.parse(importedAt) ? { importedAt, ms } : undefined;
  }
  return {
    changedAt() {
      if (!store.local || closed.signal.aborted) return undefined;
      const { state: now, importedAt } = state();
      const begun = clock.monotonic();
      if (now !== "importing" && !looking && begun >= nextMs) {
        // where the tree cannot be read just now, nothing is known
        looking = look()
          .catch(() => (found = undefined))
          .then(() => {
            looking = undefined;
            nextMs = clock.monotonic() + Math.max(PAUSE_MS, PAUSE_SHARE * (clock.monotonic() - begun));
          });
      }
      return found && found.importedAt === importedAt ? new Date(found.ms).toISOString() : undefined;
    },
    async close() {
      closed.abort();
      await looking;
    },
  };
}

async function* datesBelow(store: Store, folder: string, signal: AbortSignal, depth = 0): AsyncGenerator<number> {
  for await (const { key, modifiedMs } of store.children(folder, { signal })) {
    if (isHiddenKey(key)) continue;
    if (!key.endsWith("/")) yield modifiedMs ?? 0;
    else if (depth < DEPTH_MAX && !/(?:\.zarr|NeuroglancerPrecompute)\/$/.test(key))
      yield* datesBelow(store, key, signal, depth + 1);
  }
}
