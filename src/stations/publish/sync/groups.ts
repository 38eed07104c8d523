import { EmporiumError } from "../../../core/errors.js";
import { sameFiles } from "./contents.js";
import type { Reading } from "./source-bytes.js";
import { type SyncSource, type WantedFile, wantedFiles } from "./wanted.js";

/** Number of colliding keys that an error names. */
const SHOWN = 10;

/**
 * Groups sources that may have keys in common, in their order, so that files of one are not mistaken for leftovers of another.
 */
export function groupSources(sources: readonly SyncSource[]): SyncSource[][] {
  const groups: SyncSource[][] = [];
  for (const source of sources) {
    const met = groups.filter((group) => group.some((other) => overlap(source, other)));
    const merged = [...met.flat(), source];
    for (const group of met) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  return groups;
}

function overlap(a: SyncSource, b: SyncSource): boolean {
  return a.key === b.key || holds(a, b.key) || holds(b, a.key);
}

/** Whether a key is below that of a folder. */
export function holds({ kind, key }: SyncSource, other: string): boolean {
  return kind === "folder" && (key === "" || other.startsWith(`${key}/`));
}

/**
 * Looks for keys for which two sources of a group have different contents, before anything is sent.
 *
 * @throws {EmporiumError} COLLISION naming the first keys
 */
export async function refuseCollisions(group: readonly SyncSource[], { signal, io }: Reading): Promise<void> {
  if (group.length < 2) return;
  const found: string[] = [];
  let count = 0;
  let held: WantedFile | undefined;
  for await (const file of wantedFiles(group, () => {}, signal)) {
    if (held?.key === file.key) {
      if (held.size === file.size && (await sameFiles(held, file, { signal, io }))) continue;
      count++;
      if (found.length < SHOWN) found.push(`${file.key} (${held.path}, ${file.path})`);
    } else held = file;
  }
  if (count === 0) return;
  const more = count > found.length ? `, and ${count - found.length} more` : "";
  throw new EmporiumError(
    "COLLISION",
    `${count} ${count === 1 ? "key has" : "keys have"} two sources with different contents: ${found.join(", ")}${more}`,
    { hint: "remove or rename one of the two, or give the products targets of their own" },
  );
}
