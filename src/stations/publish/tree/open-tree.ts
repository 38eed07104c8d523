import { EmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { Env } from "../../../engine/env.js";
import { type HeldLock, heldLocks } from "../../../engine/lock.js";
import { findPlaceholderNotes } from "../../../engine/tree-notes.js";
import { nestingOf, refuseInSource } from "../../../stores/nesting.js";
import { isBucket, type Store } from "../../../stores/store.js";
import { type SelectedTree, selectTree, type TreeItem, type TreeSelection } from "./select.js";
import { DEPOSITIONS } from "./stages.js";

const HINT = "give a folder or bucket outside of the tree";

/** The target must not be inside the tree, nor the tree inside a dataset of the target. @throws {EmporiumError} USAGE */
export function refuseOverlap(tree: string, location: string, { items }: Pick<SelectedTree, "items"> = { items: [] }): void {
  refuseInSource(location, tree, { what: "LOCATION", hint: HINT });
  for (const { id } of items) {
    const place = `${location.replace(/\/+$/, "")}/${id}`;
    if (nestingOf(place, tree) === "apart") continue;
    throw new EmporiumError("USAGE", `TREE ${tree} is inside of ${place}, which would be written`, { hint: HINT });
  }
}

/**
 * The selected part of a tree that no ingest writes.
 *
 * @param target where runs are looked for that are no longer in the tree; undefined where nothing is removed
 * @throws {EmporiumError} TARGET_LOCKED while an ingest writes the selected part; what `selectTree` throws
 */
export async function lookAtTree(
  tree: Store,
  target: Store | undefined,
  selection: TreeSelection,
  { clock, log, signal }: Pick<Env, "clock" | "log" | "signal">,
): Promise<SelectedTree> {
  const locks = await heldLocks(tree, { clock, log, signal });
  const selected = await selectTree(tree, target, selection, signal).catch((error: unknown) => {
    // an ingest that has just begun has not written anything that could be found
    throw locks[0]?.error ?? error;
  });
  refuseLocked(selected, locks, log);
  return selected;
}

/**
 * Others read a bucket: what an import wrote there in place of what it did not know goes into one only where somebody allows it.
 *
 * @returns what is to be said of a dry run, or of a person's consent
 * @throws {EmporiumError} CONFIG_PLACEHOLDER
 */
export async function placeholderWarnings(
  tree: Store,
  target: Store,
  { items }: Pick<SelectedTree, "items">,
  { allowPlaceholders, dryRun, signal }: { allowPlaceholders?: boolean; dryRun?: boolean; signal?: AbortSignal | undefined },
): Promise<string[]> {
  if (!isBucket(target)) return [];
  const sent = new Set(items.map(({ id }) => id));
  const notes = await findPlaceholderNotes(tree, signal);
  const says = notes.flatMap(({ config, items: of, says }) => {
    const named = of.filter((id) => sent.has(id));
    // a dataset's deposition goes with it
    const datasets = named.filter((id) => !id.startsWith(`${DEPOSITIONS}/`));
    return named.length === 0 ? [] : [`${(datasets.length > 0 ? datasets : named).join(", ")} by ${config} (${says})`];
  });
  if (says.length === 0) return [];
  const message = `the tree was imported with placeholders: ${says.join("; ")}`;
  const hint = "fill them in, give ingest run again, and then this command, or add --allow-placeholders";
  const refusal = `a bucket takes no placeholders, and ${message}`;
  if (!allowPlaceholders && !dryRun) throw new EmporiumError("CONFIG_PLACEHOLDER", refusal, { hint });
  return [allowPlaceholders ? message : `${refusal}; ${hint}`];
}

export interface LockedItems {
  readonly items: readonly Pick<TreeItem, "id" | "kind" | "deposition">[];
}

/** @throws {EmporiumError} TARGET_LOCKED */
export function refuseLocked({ items }: LockedItems, locks: readonly HeldLock[], log?: Log): void {
  const ours = new Set(items.flatMap(lockNamesOf));
  for (const { name, error } of locks) {
    if (ours.has(name)) throw error;
    log?.warn(`${error.message}; what it adds to the datasets of this run is not sent`);
  }
}

/** The names of the locks of an ingest or upload. A publication locks its target under the same names. */
export function lockNamesOf({ id, kind, deposition }: LockedItems["items"][number]): string[] {
  if (kind === "stored") return [`catalog-${id.slice(id.indexOf("/") + 1)}`];
  if (kind === "deposition") return [`deposition-${id.slice(DEPOSITIONS.length + 1)}`];
  return [`dataset-${id}`, ...(deposition === undefined ? [] : [`deposition-${deposition}`])];
}
