import type { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { Filter } from "../profile/profile.js";
import { pathTaken } from "./filters.js";
import type { PlanItem } from "./plan.js";
import { rooted } from "./source-folders.js";
import { type SourceFile, walkFile, walkSource } from "./walk.js";

export interface LookOptions {
  readonly root: string | null;
  readonly filters: readonly Filter[];
  readonly signal?: AbortSignal | undefined;
}

/** A warning names so many paths. */
const NAMED_MAX = 3;

/** The files of an item that are sent, with their paths below the target. */
async function* filesOf(
  { action, source }: Pick<PlanItem, "action" | "source">,
  { root, filters, signal }: LookOptions,
  onSkip?: (path: string, error: EmporiumError) => void,
): AsyncGenerator<SourceFile> {
  const taken = pathTaken(filters);
  const walk =
    action === "sync" ? walkSource(rooted(root, source), { signal, onSkip }) : walkFile(rooted(root, source), { onSkip });
  for await (const file of walk) if (taken(file.path)) yield file;
}

/** Counts the files of an item, and warns of files that cannot be sent. Without `all` it only checks whether there is any. */
export async function measureItem(item: PlanItem, options: LookOptions, all: boolean): Promise<void> {
  if (!item.exists) {
    if (all) [item.files, item.bytes] = [0, 0];
    return;
  }
  const skipped: string[] = [];
  let more = 0;
  let [files, bytes] = [0, 0];
  const onSkip = (_path: string, error: EmporiumError) => {
    if (skipped.length < NAMED_MAX) skipped.push(error.message);
    else more++;
  };
  for await (const { size } of filesOf(item, options, onSkip)) {
    files++;
    bytes += size;
    if (!all) break;
  }
  if (all) [item.files, item.bytes] = [files, bytes];
  item.warnings.push(...skipped);
  if (more > 0) item.warnings.push(`${counted(more, "more file")} cannot be sent`);
  if (files === 0)
    item.warnings.push(
      `${item.source.replace(/\/$/, "")} holds ${options.filters.length > 0 ? "nothing that the filters take" : "no file"}`,
    );
}

/** Warns where two sources of one target hold a file of the same path: a script would keep the later one. */
export async function noteSharedNames(items: readonly PlanItem[], options: LookOptions): Promise<void> {
  const held = new Map<string, { item: PlanItem; size: number }>();
  for (const item of items) {
    const [same, differ]: [string[], string[]] = [[], []];
    let first: PlanItem | undefined;
    for await (const { path, size } of filesOf(item, options)) {
      const other = held.get(path);
      if (!other) held.set(path, { item, size });
      else {
        first ??= other.item;
        (other.size === size ? same : differ).push(path);
      }
    }
    if (!first) continue;
    const count = same.length + differ.length;
    const named = [...differ, ...same].slice(0, NAMED_MAX).join(", ");
    item.warnings.push(
      `${count} ${count === 1 ? "path is" : "paths are"} also in ${first.id}, which goes to the same place (${differ.length} of another size): ${named}`,
    );
  }
}
