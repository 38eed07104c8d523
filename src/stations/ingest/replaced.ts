import { counted } from "../../core/units.js";
import { findOthersOutputs } from "../../engine/others-outputs.js";
import type { Receipt, Task } from "../../engine/task.js";
import { objectName, type Store } from "../../stores/store.js";
import { comparePlan } from "./compare-plan.js";
import type { PlanWarning } from "./draft.js";

/** Names in the message; the warning has all. */
const NAMED = 3;

interface Replacing {
  readonly source: Store;
  readonly target: Store;
  readonly workspace: string;
  /** Of runs on clusters, whose outputs no journal of the workspace knows. */
  readonly receipts?: Iterable<Receipt>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Warns of what tasks put in the place of something that is neither theirs nor the same: written by hand, by another program, from another workspace, or
 * changed since. Reference programs replace it, too, so that it is told and not refused.
 *
 * @param tasks those that are to be done
 * @returns undefined where nothing is replaced
 */
export async function replacedWarning(
  tasks: readonly Task[],
  { source, target, workspace, receipts = [], signal }: Replacing,
  does: "are replaced" | "would be replaced" = "are replaced",
): Promise<PlanWarning | undefined> {
  const known = new Set([...receipts].flatMap(({ outputs }) => outputs.map(({ key }) => key)));
  const keys = tasks.flatMap(({ outputs }) => outputs);
  const others = await findOthersOutputs(target, keys, { workspace, known, signal });
  if (others.length === 0) return undefined;
  const found = new Set(others.map(({ key }) => key));
  const theirs = tasks.filter(({ outputs }) => outputs.some((key) => found.has(key)));
  const comparison = await comparePlan({ tasks: theirs }, target, signal, source);
  // what was ours is another's now, whatever its metadata say
  const files = others.flatMap(({ key, wasOurs }) => (wasOurs || comparison.of(key) === "changed" ? key : []));
  if (files.length === 0) return undefined;
  const names = files.slice(0, NAMED).map((key) => objectName(target, key));
  const rest = files.length > NAMED ? ` and ${files.length - NAMED} more` : "";
  const [are, verb] = files.length === 1 ? ["it is", does.replace("are", "is")] : ["they are", does];
  const message = `${counted(files.length, "object")} in OUTPUT that no run of this workspace has written as ${are} now ${verb}: ${names.join(", ")}${rest}`;
  return { message, files };
}
