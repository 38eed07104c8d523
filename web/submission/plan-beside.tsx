import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import type { Job, JobPlan, SubmissionAccount, SubmissionWritten } from "../../src/model/page-api.js";
import { useJob } from "../parts/events.js";
import { moment, plural } from "../parts/format.js";
import { usePlanning } from "../parts/job-forms.js";
import { Bar, Life, Told } from "../parts/job-parts.js";
import { PlanTotals, StartPlan, saysOf, usePlan } from "../parts/plan-parts.js";
import { ErrorPanel } from "../parts/states.js";
import { send } from "../parts/writing.js";
import type { PartProps } from "./saying.js";

type Typed = Readonly<Record<string, string>>;

/** What would be written, the two files, and what `ingest run` would do with them. */
export function PlanBeside({ account, change, typed, saved }: PartProps & { typed: Typed; saved: () => void }) {
  const { written, runs, questions, toFill, toCheck, errors } = account;
  const open = questions.filter(({ isAnswered }) => !isAnswered).length;
  return (
    <aside className="panel plan" aria-label="Plan">
      <h2>Plan</h2>
      <ul className="hits">
        <li>{plural(runs.length, "run")}</li>
        {open > 0 && <li className="warn">⚠ {plural(open, "question")} not answered</li>}
        <Lines lines={toFill} says={(n) => `${plural(n, "line")} to fill in`} />
        <Lines lines={toCheck} says={(n) => `${plural(n, "guess", "guesses")} to check`} />
      </ul>
      {errors.map((error) => (
        <Told key={JSON.stringify(error)} error={error} />
      ))}
      <Write account={account} change={change} typed={typed} saved={saved} />
      {written?.isCurrent && <Planned account={account} written={written} />}
    </aside>
  );
}

function Lines({ lines, says }: { lines: SubmissionAccount["toFill"]; says: (n: number) => string }) {
  if (lines.length === 0) return null;
  return (
    <li>
      <details>
        <summary>{says(lines.length)}</summary>
        <ul>
          {lines.map(({ line, what }) => (
            <li key={line}>
              {what} <small>line {line}</small>
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

function Write({ account, change, typed, saved }: Pick<PartProps, "account" | "change"> & { typed: Typed; saved: () => void }) {
  const { suggested, written } = account;
  const [config, setConfig] = useState(written?.config ?? suggested.config);
  const isCurrent = written?.isCurrent === true && written.config === config && Object.keys(typed).length === 0;
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (Object.keys(typed).length > 0) {
      const done = await change.mutateAsync({ path: "facts", body: { facts: typed } }).catch(() => undefined);
      if (!done) return; // the field says why
      saved();
    }
    change.mutate({ method: "POST", path: "write", body: { config: config.trim() } });
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor="submission-config">Configuration</label>
        <input
          id="submission-config"
          value={config}
          required
          spellCheck={false}
          placeholder="/folder/NAME.yaml"
          aria-describedby="hint-config"
          onChange={({ target }) => setConfig(target.value)}
        />
        <small id="hint-config">
          {suggested.config === ""
            ? "This server writes nowhere but into the folder itself: emporium serve --write-root DIR"
            : "NAME.decisions.yaml is written beside it"}
        </small>
      </div>
      <p>
        <button type="submit" className={isCurrent ? undefined : "primary"} disabled={isCurrent || change.isPending}>
          {written && written.config === config ? "Write again" : "Write both files"}
        </button>
      </p>
      <p role="status">
        {written && (isCurrent ? `✓ Written ${moment(written.at).slice(11)}` : "⚠ Something was decided since it was written")}
      </p>
    </form>
  );
}

/** The plan of an ingest of what was written, its start, and the validation of the tree. */
function Planned({ account, written }: { account: SubmissionAccount; written: SubmissionWritten }) {
  const search = useSearch({ from: "/new" });
  const navigate = useNavigate();
  const [output, setOutput] = useState(search.output ?? account.suggested.output);
  const making = useMutation({
    mutationFn: () =>
      send<JobPlan>("POST", "jobs", {
        kind: "ingest.run",
        config: written.config,
        input: account.input,
        output: output.trim(),
        importEverything: true,
      }),
    onSuccess: ({ planId }) =>
      void navigate({
        to: "/new",
        search: { ...search, plan: planId, output: output.trim() },
        replace: true,
        resetScroll: false,
      }),
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    making.mutate();
  };
  const plan = usePlan(search.plan);
  // a plan of what was written before is not of this configuration
  const isOfThis = plan.data?.locations.some(({ text }) => text === written.config) === true;
  return (
    <>
      <form onSubmit={submit}>
        <div className="field">
          <label htmlFor="submission-output">Output</label>
          <input
            id="submission-output"
            value={output}
            required
            spellCheck={false}
            placeholder="/folder/of/the/tree"
            aria-describedby="hint-output"
            onChange={({ target }) => setOutput(target.value)}
          />
          <small id="hint-output">The standardised tree</small>
        </div>
        <p>
          <button type="submit" className={isOfThis ? undefined : "primary"} disabled={making.isPending}>
            {making.isPending ? "Planning…" : isOfThis ? "Plan again" : "Plan the ingest"}
          </button>
        </p>
      </form>
      {making.error && <ErrorPanel error={making.error} />}
      {plan.data && isOfThis && <Shown plan={plan.data} config={written.config} output={search.output ?? output} />}
    </>
  );
}

function Shown({ plan, config, output }: { plan: JobPlan; config: string; output: string }) {
  return (
    <section aria-label="Ingest">
      <p role="status">{saysOf(plan)}</p>
      {plan.errors.slice(0, 3).map((error) => (
        <Told key={JSON.stringify(error)} error={error} />
      ))}
      {plan.state !== "started" && <StartPlan plan={plan} started={() => {}} />}
      {plan.state === "started" && <Running id={plan.planId} config={config} output={output} />}
      {plan.plan && <PlanTotals plan={{ ...plan.plan, warnings: plan.plan.warnings.slice(0, 3) }} />}
      <p>
        <Link to="/ingest/plan/$id" params={{ id: plan.planId }}>
          The whole plan
        </Link>
      </p>
    </section>
  );
}

function Running({ id, config, output }: { id: string; config: string; output: string }) {
  const { data: job } = useJob(id);
  if (!job) return <p>It is starting…</p>;
  return (
    <>
      <p>
        <Link to="/jobs/$id" params={{ id }}>
          The ingest
        </Link>
        : <Life job={job} />
      </p>
      {job.life !== "ended" && <Bar job={job} />}
      {isDone(job) && <Validate config={config} output={output} />}
    </>
  );
}

const isDone = ({ life, exitStatus }: Job): boolean => life === "ended" && (exitStatus === 0 || exitStatus === 3);

function Validate({ config, output }: { config: string; output: string }) {
  const planning = usePlanning();
  const body = { kind: "ingest.validate", suite: "standardized", config, location: output };
  return (
    <>
      <p>
        <button type="button" className="primary" disabled={planning.isPending} onClick={() => planning.mutate(body)}>
          {planning.isPending ? "Planning…" : "Validate the tree"}
        </button>
      </p>
      {planning.error && <ErrorPanel error={planning.error} />}
    </>
  );
}
