import type { ErrorRecord } from "../../core/errors.js";
import { counted, formatBytes, formatSeconds } from "../../core/units.js";
import { type CostEstimate, estimateLines } from "../../engine/cluster/cost.js";
import { type Begun, begunLines } from "../../engine/cluster/on-cluster.js";
import type { RunReport } from "../../engine/run.js";
import type { ObjectReceipt, PlainObject } from "../../engine/task.js";
import type { FileAccount } from "./account/account.js";
import type { PlanComparison } from "./compare-plan.js";
import { type PlanFailure, type PlanWarning, toldOnce, warnedOnce } from "./draft.js";
import { isPartial } from "./partial.js";
import type { IngestPlan } from "./plan.js";
import { formatPlan, planReport } from "./report.js";

export interface IngestReport {
  status: "done" | "partial" | "failed" | "cancelled" | "planned" | "submitted" | "prepared";
  exitStatus: number;
  /** Entities made now, found done, failed, and not begun because one that they need failed. */
  done: number;
  already: number;
  failed: number;
  blocked: number;
  /** Tasks that were not begun or were cut off, because the run was stopped or ended by a failure. */
  notDone: number;
  seconds: number;
  outputs: readonly (ObjectReceipt & { task: string })[];
  /** Measurements by task title. */
  facts: Readonly<Record<string, PlainObject>>;
  warnings: readonly object[];
  errors: readonly (ErrorRecord & { entity?: string; also?: readonly string[]; files?: readonly string[] })[];
  /** Folder of the run on a cluster, where the import was given to one. */
  run?: string;
  /** Estimated cost of a run on a cluster that has not begun. */
  estimate?: CostEstimate;
  /** Only of a dry run. */
  plan?: ReturnType<typeof planReport>;
  toText(): string;
  errorsLast?: true;
}

/** Results of a dry run beside the plan. */
export interface PlannedParts {
  readonly warnings: readonly PlanWarning[];
  readonly account: FileAccount;
  readonly estimate?: CostEstimate | undefined;
}

/** Report of a dry run: the plan, compared with the target. */
export function plannedReport(
  plan: IngestPlan,
  comparison: PlanComparison,
  { warnings, account, estimate }: PlannedParts,
): IngestReport {
  const full = { ...plan, warnings: [...plan.warnings, ...warnings] };
  const document = planReport(full, comparison, account);
  return {
    status: "planned",
    // of a plan that is refused, `run` does nothing
    exitStatus: plan.refusals.length > 0 ? 2 : isPartial(plan) ? 3 : 0,
    done: 0,
    already: 0,
    ...failuresOf(plan),
    notDone: 0,
    seconds: 0,
    outputs: [],
    facts: {},
    warnings: document.warnings,
    errors: document.errors,
    plan: document,
    ...(estimate && { estimate }),
    errorsLast: true,
    toText: () => [formatPlan(full, comparison, account), ...(estimate ? estimateLines(estimate) : [])].join("\n"),
  };
}

/** Report of an import that was given to a cluster, or prepared for another program. */
export function submittedReport(plan: IngestPlan, begun: Begun, extra: readonly PlanWarning[]): IngestReport {
  const document = planReport(plan);
  const { run, estimate } = begun;
  return {
    status: begun.state,
    exitStatus: isPartial(plan) ? 3 : 0,
    done: 0,
    already: 0,
    ...failuresOf(plan),
    notDone: run.record.tasks,
    seconds: 0,
    outputs: [],
    facts: {},
    warnings: [...document.warnings, ...extra],
    errors: document.errors,
    run: run.url,
    estimate,
    toText: () => begunLines(begun).join("\n"),
  };
}

/** Entities that a plan cannot make: those with a fault of their own, and those that need one of them. */
export function failuresOf({ failures }: IngestPlan): { failed: number; blocked: number } {
  const blocked = failures.filter(({ error }) => error.code === "TASK_BLOCKED").length;
  return { failed: failures.length - blocked, blocked };
}

/** Report of a run on this machine. @param extra warnings beside those of the plan and the tasks. */
export function runReport(plan: IngestPlan, run: RunReport, extra: readonly PlanWarning[]): IngestReport {
  // what has not begun, or was cut off, is one line with counts: the same command does it
  const failures = run.results.flatMap(({ task, state, error }): PlanFailure[] =>
    error && state !== "cancelled" ? [{ error, entity: task.title }] : [],
  );
  const told = toldOnce([...plan.failures, ...failures]);
  const errors = told.map(({ error, entity, also, files }) => ({
    ...error,
    entity,
    ...(also && { also }),
    ...(files && { files }),
  }));
  if (run.error && !failures.some(({ error }) => error.code === run.error!.code)) errors.push(stopError(run));
  const outputs = run.results.flatMap(({ task, receipt }) =>
    (receipt?.outputs ?? []).map((output) => ({ ...output, task: task.title })),
  );
  const facts = run.results.flatMap(({ task, receipt }): [string, PlainObject][] =>
    receipt?.facts ? [[task.title, receipt.facts]] : [],
  );
  const said = new Set(plan.warnings.map(({ message }) => message));
  const measured = run.results.flatMap(({ task, receipt }) =>
    (receipt?.warnings ?? []).filter((message) => !said.has(message)).map((message) => ({ message, entity: task.title })),
  );
  const document = planReport(plan);
  const warnings = [...document.warnings, ...extra, ...measured];
  const anything = run.done + run.already > 0;
  const partial = isPartial(plan) || run.exitStatus === 3;
  const exitStatus = run.exitStatus !== 0 && run.exitStatus !== 3 ? run.exitStatus : partial ? (anything ? 3 : 1) : 0;
  const status = exitStatus === 0 ? "done" : exitStatus === 130 ? "cancelled" : exitStatus === 3 ? "partial" : "failed";
  const before = failuresOf(plan);
  const failed = run.failed + before.failed;
  const blocked = run.blocked + before.blocked;
  return {
    status,
    exitStatus,
    done: run.done,
    already: run.already,
    failed,
    blocked,
    notDone: run.cancelled,
    seconds: run.seconds,
    outputs,
    facts: Object.fromEntries(facts),
    warnings,
    errors,
    toText() {
      if (status === "cancelled") return ""; // the error says it all
      const bytes = run.results.filter(({ state }) => state === "done").reduce((sum, { task }) => sum + task.bytes, 0);
      const counts = [`${run.done} done`, `${run.already} already there`, `${failed} failed`, `${blocked} blocked`];
      if (run.cancelled > 0) counts.push(`${run.cancelled} not done`);
      const lines = [`${counts.join(", ")}; ${formatBytes(bytes)} read in ${formatSeconds(run.seconds)}`];
      for (const { message } of warnedOnce(warnings as PlanWarning[])) lines.push(`warning: ${message}`);
      lines.push(...leftOutLines(facts.map(([, of]) => of)));
      return lines.join("\n");
    },
  };
}

/** Rows of lists that hold several tomograms. */
function leftOutLines(facts: readonly PlainObject[]): string[] {
  const lists = facts.flatMap(({ leftOut, points }) =>
    typeof leftOut === "number" ? [{ leftOut, points: Number(points) }] : [],
  );
  if (lists.length === 0) return [];
  const [leftOut, points] = [lists.reduce((sum, one) => sum + one.leftOut, 0), lists.reduce((sum, one) => sum + one.points, 0)];
  const taken = `${counted(points, "row was", "rows were")} taken and ${leftOut} left out`;
  return [`filter_value in ${counted(lists.length, "list")} of points: ${taken} (each list in --json)`];
}

/** Why a run ended before its end, with what it had done, in one line. */
function stopError(run: RunReport): ErrorRecord & { entity: string } {
  const { code, message, hint } = run.error!;
  const { done, already, failed, interrupted, cancelled } = run;
  const counts = [
    `${done} done`,
    ...(already > 0 ? [`${already} already there`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(interrupted > 0 ? [`${interrupted} interrupted`] : []),
    `${cancelled - interrupted} not started`,
  ];
  return {
    code,
    message: [`${message}: ${counts.join(", ")}`, ...(hint === undefined ? [] : [hint])].join("; "),
    entity: "the run",
  };
}
