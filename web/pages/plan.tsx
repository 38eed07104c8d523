import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { quoteWords } from "../../src/core/shell.js";
import type { JobPlan, PlanEntry, PlanSummary } from "../../src/model/page-api.js";
import { Scrolled } from "../kept/kept.js";
import { ask } from "../parts/api.js";
import { ABSENT, bytes, count, moment, plural } from "../parts/format.js";
import { formOf, nameOf } from "../parts/job-forms.js";
import { Told } from "../parts/job-parts.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, ErrorPanel } from "../parts/states.js";
import { send, useWriting } from "../parts/writing.js";

/** Milliseconds between requests for a plan that is being made. */
const POLL_MS = 1_000;

const isUnderWay = (state: JobPlan["state"] | undefined): boolean => state === "planning" || state === "checking";

/** Plan of a job: what it would read, write and leave out. The job is started here. */
export function Plan() {
  const { id = "" } = useParams({ strict: false });
  const asked = useQuery({
    ...planQuery(id),
    refetchInterval: ({ state }) => (isUnderWay(state.data?.state) ? POLL_MS : false),
    staleTime: 0,
  });
  const kind = asked.data?.kind;
  useCrumbs({ label: "Jobs", to: "/jobs" }, ...(kind === undefined ? [] : [{ label: nameOf(kind), to: formOf(kind) }]), {
    label: "Plan",
  });
  useCommand(asked.data && lineOf(asked.data));
  return (
    <div className="page">
      <Answer asked={asked}>{(plan) => <Shown plan={plan} />}</Answer>
    </div>
  );
}

const planQuery = (id: string) => ({
  queryKey: ["plan", id],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<JobPlan>(`plans/${encodeURIComponent(id)}`, signal),
});

const lineOf = ({ folder, command }: JobPlan): string => `cd ${quoteWords([folder])} && ${quoteWords(["emporium", ...command])}`;

function Shown({ plan }: { plan: JobPlan }) {
  const { command, folder, locations, state, errors, expires } = plan;
  const named = nameOf(plan.kind);
  return (
    <>
      <h1>Plan of {named}</h1>
      <p>
        <code>{quoteWords(["emporium", ...command])}</code> <span className="muted">in {folder}</span>
      </p>
      <dl className="facts">
        {locations.map(({ name, text, use }) => (
          <div key={`${name} ${text}`}>
            <dt>{use === "write" ? "writes" : "reads"}</dt>
            <dd>
              <code>{text}</code> <span className="muted">{name}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p role="status">{saysOf(plan)}</p>
      <Start plan={plan} />
      {state === "planned" && <p className="muted">This plan is kept until {moment(expires).slice(11)}.</p>}
      {errors.length > 0 && (
        <section aria-label="Not possible">
          <h2>{state === "refused" ? "Why it cannot be started" : "What the plan cannot do"}</h2>
          {errors.map((error) => (
            <Told key={JSON.stringify(error)} error={error} />
          ))}
        </section>
      )}
      {plan.plan && <Summary plan={plan.plan} />}
    </>
  );
}

function saysOf({ state, plan, errors, exitStatus }: JobPlan): string {
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

function Start({ plan: { planId, kind, state } }: { plan: JobPlan }) {
  const isWriting = useWriting("write");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toJob = () => void navigate({ to: "/jobs/$id", params: { id: planId } });
  const start = useMutation({
    mutationFn: () => send<JobPlan>("POST", `jobs/${encodeURIComponent(planId)}/start`, {}),
    onSuccess: (plan) => {
      queries.setQueryData(planQuery(planId).queryKey, plan);
      if (plan.state === "started") toJob();
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

function Summary({ plan: { totals, entries, entriesTotal, warnings, warningsTotal } }: { plan: PlanSummary }) {
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
      <h2>What is done</h2>
      <Scrolled label="What is done">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Of</th>
              <th scope="col">Action</th>
              <th scope="col" className="number">
                Reads
              </th>
              <th scope="col" className="number">
                Writes
              </th>
              <th scope="col" className="number">
                Bytes
              </th>
              <th scope="col">Configured at</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={`${entry.of} ${entry.title} ${entry.at}`}>
                <td>{entry.title}</td>
                <td>{entry.of ?? ABSENT}</td>
                <td>{actionOf(entry)}</td>
                <td className="number">{count(entry.reads)}</td>
                <td className="number">{count(entry.writes)}</td>
                <td className="number">{bytes(entry.bytes)}</td>
                <td>{entry.at ? <code>{entry.at}</code> : ABSENT}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {entriesTotal > entries.length && (
        <p className="muted">
          The first {count(entries.length)} of {count(entriesTotal)}; all are in the plan that the command prints with --json.
        </p>
      )}
    </>
  );
}

function actionOf({ action, state, why }: PlanEntry): string {
  const said =
    action === "fail"
      ? "✕ cannot be done"
      : action === "leave"
        ? "left out"
        : state === "same"
          ? "there already"
          : (state ?? "write");
  return why === undefined ? said : `${said}: ${why}`;
}
