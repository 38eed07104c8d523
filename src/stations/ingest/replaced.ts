import { counted } from "../../core/units.js";
import { othersOutputs } from "../../engine/others-outputs.js";
import type { Receipt, Task } from "../../engine/task.js";
import { objectName, type Store } from "../../stores/store.js";
import type { PlanWarning } from "./draft.js";

/** Names in the message; the warning has all. */
const NAMED = 3;

/**
 * Warns of what tasks put in the place of something that is not theirs: written by hand, by another program, from another workspace, or changed
 * since. Reference programs replace it, too, so that it is told and not refused.
 *
 * @param tasks those that are to be done
 * @param receipts of runs on clusters, whose outputs no journal of the workspace knows
 * @returns undefined where nothing is replaced
 */
export async function replacedWarning(
  tasks: readonly Task[],
  target: Store,
  {
    workspace,
    receipts = [],
    signal,
    does = "are replaced",
  }: {
    workspace: string;
    receipts?: Iterable<Receipt>;
    signal?: AbortSignal | undefined;
    does?: "are replaced" | "would be replaced";
  },
): Promise<PlanWarning | undefined> {
  const known = new Set([...receipts].flatMap(({ outputs }) => outputs.map(({ key }) => key)));
  const keys = tasks.flatMap(({ outputs }) => outputs);
  const files = await othersOutputs(target, keys, { workspace, known, signal });
  if (files.length === 0) return undefined;
  const names = files.slice(0, NAMED).map((key) => objectName(target, key));
  const rest = files.length > NAMED ? ` and ${files.length - NAMED} more` : "";
  const verb = files.length === 1 ? does.replace("are", "is") : does;
  const message = `${counted(files.length, "object")} in OUTPUT that no run of this workspace has written ${verb}: ${names.join(", ")}${rest}`;
  return { message, files };
}
