import { EmporiumError } from "../../core/errors.js";
import type { Task } from "../../engine/task.js";
import { keyWithin, refuseInSource } from "../../stores/nesting.js";
import { objectName, type Store } from "../../stores/store.js";

const HINT = "choose a folder beside the input";

/** @throws {EmporiumError} USAGE where the tree would be written into its own sources */
export function refuseNested(source: Store, target: Store): void {
  if (!isPlace(source) || !isPlace(target)) return;
  refuseInSource(objectName(target, ""), objectName(source, ""), { what: "OUTPUT", hint: HINT });
}

/** The input may lie in the output, but not where this plan writes. @throws {EmporiumError} USAGE */
export function refuseOwnSources(tasks: readonly Task[], source: Store, target: Store): void {
  const within = isPlace(source) && isPlace(target) ? keyWithin(objectName(source, ""), objectName(target, "")) : undefined;
  if (within === undefined) return;
  const meets = (key: string) => `${key}/`.startsWith(`${within}/`) || (key.endsWith("/") && `${within}/`.startsWith(key));
  const key = tasks.flatMap(({ outputs }) => outputs).find(meets);
  if (key === undefined) return;
  throw new EmporiumError("USAGE", `${objectName(target, key)} would be written into INPUT, which lies in OUTPUT`, {
    hint: HINT,
  });
}

/** A folder or a bucket: memory, and servers that are only read, hold no other place. */
function isPlace({ url }: Store): boolean {
  return /^(?:file|s3|gs):/.test(url);
}
