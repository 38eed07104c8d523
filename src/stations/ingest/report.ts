import { type ErrorRecord, formatPlace } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import type { FileAccount } from "./account/account.js";
import type { Refusal } from "./account/finding.js";
import { formatAccount } from "./account/print.js";
import type { PlanComparison, Presence } from "./compare-plan.js";
import { type ToldFailure, toldOnce, warnedOnce, withLooked } from "./draft.js";
import type { IngestPlan } from "./plan.js";

/** Files of one entity that are shown one by one; of more the first few. */
const FILES_SHOWN = 8;
const FILES_BEGUN = 3;

/**
 * A plan as one plain JSON document: what `ingest plan --json` prints.
 *
 * @param comparison the plan compared with the target: adds a `state` to tasks and entities.
 * @param account the fate of each file of the source.
 */
export function planReport(plan: IngestPlan, comparison?: PlanComparison, account?: FileAccount) {
  const { createdMs, tasks, locks, entities, failures, refusals, warnings } = plan;
  return {
    created: new Date(createdMs).toISOString(),
    tasks: tasks.map(({ id, title, run, inputs, outputs, needs, bytes, memoryBytes, threads }) => ({
      id,
      title,
      run,
      reads: inputs.map(({ key, size }) => ({ key, bytes: size })),
      writes: outputs,
      needs,
      bytes,
      memoryBytes,
      threads,
      state: comparison?.ofAll(outputs),
    })),
    locks,
    entities: entities.map(({ place, ...entity }) => ({
      ...entity,
      state: comparison?.ofAll(entity.writes),
      at: place && formatPlace(place),
    })),
    totals: { ...totalsOf(plan), ...(comparison ? statesOf(plan, comparison) : {}) },
    warnings: warnings.map(({ place, message, lookedFor, ...warning }) => ({
      message: withLooked(message, lookedFor),
      ...warning,
      ...place,
    })),
    errors: [
      ...refusals.map(refusalOf),
      ...toldOnce(failures).map(({ error, ...where }) => ({ ...error, ...where }) as ReportedError),
    ],
    ...(account && { account }),
  };
}

type ReportedError = ErrorRecord & Omit<ToldFailure, "error">;

/** A refusal concerns the plan as a whole. */
function refusalOf(error: Refusal): ReportedError {
  return { ...error, entity: "the plan" };
}

function totalsOf({ tasks, entities, failures }: Pick<IngestPlan, "tasks" | "entities" | "failures">) {
  return {
    tasks: tasks.length,
    bytesRead: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
    peakMemoryBytes: tasks.reduce((most, { memoryBytes }) => Math.max(most, memoryBytes), 0),
    left: entities.filter(({ action }) => action === "leave").length,
    failed: failures.length,
  };
}

/** Outputs by what the target holds of them. */
function statesOf({ tasks }: Pick<IngestPlan, "tasks">, comparison: PlanComparison): Record<Presence, number> {
  const states: Record<Presence, number> = { new: 0, same: 0, changed: 0 };
  for (const { outputs } of tasks) {
    for (const key of outputs) {
      const presence = comparison.of(key);
      if (presence) states[presence]++;
    }
  }
  return states;
}

/** A plan for people: by dataset and run, then warnings, the account, and whether anything is wrong; the errors follow by themselves. */
export function formatPlan(plan: IngestPlan, comparison?: PlanComparison, account?: FileAccount): string {
  const lines: string[] = [];
  let heading = "";
  for (const { dataset, run, title, action, why, reads, writes, bytes } of plan.entities) {
    const group = [dataset && `dataset ${dataset}`, run && `run ${run}`].filter(Boolean).join(", ") || "deposition";
    if (group !== heading) lines.push("", group);
    heading = group;
    const mark = { write: comparison?.ofAll(writes) ?? "write", leave: "leave", fail: "FAIL" }[action];
    const width = comparison ? "changed".length : "write".length;
    lines.push(`  ${mark.padEnd(width)}  ${title}${bytes > 0 ? `, ${formatBytes(bytes)}` : ""}${why ? `: ${why}` : ""}`);
    const indent = " ".repeat(width + 6);
    for (const key of shortened(reads)) lines.push(`${indent}from ${key}`);
    for (const key of shortened(writes)) lines.push(`${indent}to   ${key}`);
  }
  const { tasks, bytesRead, peakMemoryBytes, failed } = totalsOf(plan);
  lines.push(
    "",
    `${tasks} ${tasks === 1 ? "task reads" : "tasks read"} ${formatBytes(bytesRead)}, at most ${formatBytes(peakMemoryBytes)} of buffers each`,
  );
  if (comparison) {
    const { new: absent, same, changed } = statesOf(plan, comparison);
    lines.push(`on the target: ${absent} new, ${same} the same, ${changed} changed`);
  }
  if (plan.warnings.length > 0) lines.push("", "Warnings:");
  for (const { message, place, lookedFor } of warnedOnce(plan.warnings))
    lines.push(`  ${withLooked(message, lookedFor)}${place ? ` (${formatPlace(place)})` : ""}`);
  if (account) lines.push("", ...formatAccount(account));
  if (failed > 0) lines.push("", `${failed} cannot be imported`);
  if (plan.refusals.length > 0) lines.push("", "ingest run refuses this plan");
  return lines.join("\n").trimStart();
}

/** A run's frames are one line too many each. */
function shortened(keys: readonly string[]): readonly string[] {
  if (keys.length <= FILES_SHOWN) return keys;
  return [...keys.slice(0, FILES_BEGUN), `… and ${keys.length - FILES_BEGUN} more`];
}
