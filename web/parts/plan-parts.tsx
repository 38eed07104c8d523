import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { JobPlan, PlanSummary } from "../../src/model/page-api.js";
import { ask } from "./api.js";
import { bytes, count, plural } from "./format.js";
import { formOf, nameOf } from "./job-forms.js";
import { ErrorPanel } from "./states.js";
import { send, useWriting } from "./writing.js";

/** Milliseconds between requests for a plan that is being made. */
const POLL_MS = 1_000;

const isUnderWay = (state: JobPlan["state"] | undefined): boolean => state === "planning" || state === "checking";

const planQuery = (id: string) => ({
  queryKey: ["plan", id],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<JobPlan>(`plans/${encodeURIComponent(id)}`, signal),
});

/** A plan, asked for again while it is being made. */
export const usePlan = (id: string | undefined) =>
  useQuery({
    ...planQuery(id ?? ""),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (isUnderWay(state.data?.state) ? POLL_MS : false),
    staleTime: 0,
  });

export function saysOf({ state, plan, errors, exitStatus }: JobPlan): string {
  switch (state) {
    case "planning":
      return "The plan is being made…";
    case "checking":
      return "The plan is made again, to see that nothing has changed…";
    case "changed":
      return "Something has changed since this plan was made: it would do something else by now.";
    case "refused":
      return `✕ It cannot be done: the command ends with status ${exitStatus ?? 1}.`;
    case "started":
      return "It was started.";
    default:
      return errors.length > 0
        ? `⚠ ${plural(errors.length, "part")} cannot be done; the rest can.`
        : plan
          ? "✓ Nothing is in the way."
          : "✓ Its locations are good. This command has no plan of its own: it reads as it goes.";
  }
}

/** The button that starts a plan. @param started what happens then; by default the page of the run is opened */
export function StartPlan({ plan: { planId, kind, state }, started }: { plan: JobPlan; started?: () => void }) {
  const isWriting = useWriting("write");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toJob = () => void navigate({ to: "/jobs/$id", params: { id: planId } });
  const start = useMutation({
    mutationFn: () => send<JobPlan>("POST", `jobs/${encodeURIComponent(planId)}/start`, {}),
    onSuccess: (plan) => {
      queries.setQueryData(planQuery(planId).queryKey, plan);
      if (plan.state === "started") (started ?? toJob)();
    },
    onError: () => void queries.invalidateQueries(planQuery(planId)),
  });
  if (state === "started") {
    return (
      <p>
        <Link to="/jobs/$id" params={{ id: planId }}>
          See how far it is
        </Link>
      </p>
    );
  }
  if (!isWriting || state === "planning" || state === "refused") return null;
  return (
    <>
      <p className="row wrap">
        {state === "changed" ? (
          <Link to={formOf(kind)} className="button">
            Plan it again
          </Link>
        ) : (
          <button
            type="button"
            className="primary"
            onClick={() => start.mutate()}
            disabled={start.isPending || state === "checking"}
          >
            {start.isPending ? "Looking once more…" : `Start ${kind === "ingest.run" ? "ingest" : nameOf(kind)}`}
          </button>
        )}
      </p>
      {start.error && state !== "changed" && <ErrorPanel error={start.error} />}
    </>
  );
}

const TOTALS: Readonly<Record<string, (n: number) => string>> = {
  tasks: (n) => plural(n, "task"),
  files: (n) => plural(n, "file"),
  bytesRead: (n) => `${bytes(n)} to read`,
  bytes: (n) => `${bytes(n)} to fetch`,
  peakMemoryBytes: (n) => `${bytes(n)} of memory for the largest task`,
  new: (n) => `${plural(n, "output")} new`,
  same: (n) => `${count(n)} there already`,
  changed: (n) => `${count(n)} there and different`,
  left: (n) => `${count(n)} left out`,
  failed: (n) => `${count(n)} cannot be planned`,
};

/** Sums over the plan, and its warnings. */
export function PlanTotals({ plan: { totals, warnings, warningsTotal } }: { plan: PlanSummary }) {
  return (
    <>
      <p>
        {Object.entries(TOTALS)
          .flatMap(([name, says]) => (totals[name] === undefined ? [] : says(totals[name])))
          .join(" · ")}
      </p>
      {warnings.length > 0 && (
        <section aria-label="Warnings">
          <h2>Warnings</h2>
          <ul className="hits">
            {warnings.map(({ message, path }) => (
              <li key={`${message} ${path}`}>
                ⚠ {message} {path && <code className="muted">{path}</code>}
              </li>
            ))}
          </ul>
          {warningsTotal > warnings.length && <p className="muted">and {count(warningsTotal - warnings.length)} more</p>}
        </section>
      )}
    </>
  );
}
