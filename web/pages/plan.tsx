import { useParams } from "@tanstack/react-router";
import { quoteWords } from "../../src/core/shell.js";
import type { JobPlan, PlanEntry, PlanSummary } from "../../src/model/page-api.js";
import { Scrolled } from "../kept/kept.js";
import { ABSENT, bytes, count, moment } from "../parts/format.js";
import { formOf, nameOf } from "../parts/job-forms.js";
import { Told } from "../parts/job-parts.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { PlanTotals, StartPlan, saysOf, usePlan } from "../parts/plan-parts.js";
import { Answer } from "../parts/states.js";

/** Plan of a job: what it would read, write and leave out. The job is started here. */
export function Plan() {
  const { id = "" } = useParams({ strict: false });
  const asked = usePlan(id);
  const kind = asked.data?.kind;
  useCrumbs({ label: "Jobs", to: "/jobs" }, ...(kind === undefined ? [] : [{ label: nameOf(kind), to: formOf(kind) }]), {
    label: "Plan",
  });
  useCommand(asked.data && { line: lineOf(asked.data) });
  return (
    <div className="page">
      <Answer asked={asked}>{(plan) => <Shown plan={plan} />}</Answer>
    </div>
  );
}

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
      <StartPlan plan={plan} />
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

function Summary({ plan }: { plan: PlanSummary }) {
  const { entries, entriesTotal } = plan;
  return (
    <>
      <PlanTotals plan={plan} />
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
