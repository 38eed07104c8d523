import { formatError, formatPlace } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import type { IngestPlan } from "./plan.js";

/** A plan as one plain JSON document: what `ingest plan --json` prints. */
export function planReport(plan: IngestPlan) {
  const { createdMs, tasks, locks, entities, failures, warnings, notBuilt } = plan;
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
    })),
    locks,
    entities: entities.map(({ place, ...entity }) => ({ ...entity, at: place && formatPlace(place) })),
    totals: totalsOf(plan),
    warnings: warnings.map(({ place, ...warning }) => ({ ...warning, ...place })),
    notBuilt: notBuilt.map(({ place, ...section }) => ({ ...section, ...place })),
    errors: failures.map(({ error, ...where }) => ({ ...error, ...where })),
  };
}

export function totalsOf({ tasks, entities, failures }: Pick<IngestPlan, "tasks" | "entities" | "failures">) {
  return {
    tasks: tasks.length,
    bytesRead: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
    peakMemoryBytes: tasks.reduce((most, { memoryBytes }) => Math.max(most, memoryBytes), 0),
    left: entities.filter(({ action }) => action === "leave").length,
    failed: failures.length,
  };
}

/** A plan for people: by dataset and run, then what is left out and what is wrong. */
export function formatPlan(plan: IngestPlan): string {
  const lines: string[] = [];
  let heading = "";
  for (const { dataset, run, title, action, why, reads, writes, bytes } of plan.entities) {
    const group = [dataset && `dataset ${dataset}`, run && `run ${run}`].filter(Boolean).join(", ") || "deposition";
    if (group !== heading) lines.push("", group);
    heading = group;
    const mark = { write: "write", leave: "leave", fail: "FAIL " }[action];
    lines.push(`  ${mark}  ${title}${bytes > 0 ? `, ${formatBytes(bytes)}` : ""}${why ? `: ${why}` : ""}`);
    for (const key of reads) lines.push(`           from ${key}`);
    for (const key of writes) lines.push(`           to   ${key}`);
  }
  const { tasks, bytesRead, peakMemoryBytes, failed } = totalsOf(plan);
  lines.push(
    "",
    `${tasks} ${tasks === 1 ? "task reads" : "tasks read"} ${formatBytes(bytesRead)}, at most ${formatBytes(peakMemoryBytes)} of buffers each`,
  );
  if (plan.notBuilt.length > 0) lines.push("", "Not made by this version:");
  for (const { section, sources, place } of plan.notBuilt) {
    const count = sources === 0 ? "made unasked by the reference" : `${sources} source${sources === 1 ? "" : "s"}`;
    lines.push(`  ${section}, ${count}${place ? ` (${formatPlace(place)})` : ""}`);
  }
  if (plan.warnings.length > 0) lines.push("", "Warnings:");
  for (const { message, place } of plan.warnings) lines.push(`  ${message}${place ? ` (${formatPlace(place)})` : ""}`);
  if (failed > 0) lines.push("", `${failed} cannot be imported:`);
  for (const { error } of plan.failures) lines.push(formatError(error));
  return lines.join("\n").trimStart();
}
