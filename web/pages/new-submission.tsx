import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { quoteWords } from "../../src/core/shell.js";
import type { Submission, SubmissionAccount } from "../../src/model/page-api.js";
import { count, plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty, ErrorPanel } from "../parts/states.js";
import { send, useWriting } from "../parts/writing.js";
import { ChooseFolder } from "../submission/choose-folder.js";
import { Facts } from "../submission/facts.js";
import { PlanBeside } from "../submission/plan-beside.js";
import { Questions } from "../submission/questions.js";
import { type Decision, type PartProps, type Shown, useChange, useSubmission } from "../submission/saying.js";
import { Sheet } from "../submission/sheet.js";
import { Table } from "../submission/table.js";
import { Unused } from "../submission/unused.js";
import "../submission/submission.css";

const NEW = "emporium ingest new --from DIR --out NAME.yaml";

/** A folder that nobody prepared becomes a configuration: what `ingest new` tells and asks in a terminal, as a page. */
export function NewSubmission() {
  const { of } = useSearch({ from: "/new" });
  useCrumbs({ label: "Jobs", to: "/jobs" }, { label: "New submission", to: of === undefined ? undefined : "/new" });
  const isWriting = useWriting("write");
  return (
    <div className="page submission">
      <h1>New submission</h1>
      {isWriting ? of === undefined ? <ChooseFolder /> : <Opened key={of} id={of} /> : <ReadOnly />}
    </div>
  );
}

function ReadOnly() {
  useCommand({ line: NEW });
  return (
    <Empty command={NEW}>
      This page only reads. The command looks at a folder and writes its configuration in a terminal. With{" "}
      <code>emporium serve --write --token-file FILE</code> this page does the same.
    </Empty>
  );
}

function Opened({ id }: { id: string }) {
  const asked = useSubmission(id);
  useCommand(
    asked.data && {
      line: quoteWords(["emporium", "ingest", "new", "--from", asked.data.folder, ...asked.data.options, "--out", "NAME.yaml"]),
    },
  );
  if (asked.error && !asked.data)
    return (
      <>
        <ErrorPanel error={asked.error} again={() => void asked.refetch()} />
        <Link to="/new" className="button">
          Choose a folder
        </Link>
      </>
    );
  return (
    <Answer asked={asked}>
      {(one) => (one.account ? <Known id={id} folder={one.folder} account={one.account} /> : <Looking one={one} />)}
    </Answer>
  );
}

/** The survey, or why there is none. */
function Looking({ one: { id, folder, state, progress, error } }: { one: Submission }) {
  if (state === "failed")
    return (
      <>
        <div className="panel error" role="alert">
          <p>
            <strong>✕ {error?.code}</strong> {error?.message}
          </p>
          {error?.hint && <p>{error.hint}</p>}
        </div>
        <Link to="/new" className="button">
          Choose another folder
        </Link>
      </>
    );
  const says = progress ? `${count(progress.done)} of ${plural(progress.of, "file")}` : "listing the files";
  return (
    <div className="panel">
      <p role="status">
        Looking at <code>{folder}</code>: {says}. Nothing is changed in it.
      </p>
      <p className="row wrap">
        <progress value={progress?.done} max={progress?.of} aria-label="Files looked at" />
        <button type="button" onClick={() => void send("POST", `submissions/${encodeURIComponent(id)}/stop`, {})}>
          Stop
        </button>
      </p>
    </div>
  );
}

const SHOWN = ["run", "is", "group", "question", "pattern"] as const;

function Known({ id, folder, account }: { id: string; folder: string; account: SubmissionAccount }) {
  const search = useSearch({ from: "/new" });
  const navigate = useNavigate();
  const change = useChange(id);
  const [facts, setFacts] = useState<Readonly<Record<string, string>>>({});
  const { of, plan, output, ...shown } = search;
  const show = (next: Shown) => {
    const isSame = SHOWN.every((name) => next[name] === shown[name]);
    const given = Object.entries({ of, plan, output, ...(isSame ? {} : next) }).filter(([, value]) => value !== undefined);
    void navigate({ to: "/new", search: Object.fromEntries(given), resetScroll: false });
  };
  const decide = (decision: Decision) => change.mutate({ path: "decisions", body: decision });
  const part: PartProps = { id, account, change, decide, show };
  const isShown = Object.values(shown).some((value) => value !== undefined);
  return (
    <>
      <p className="row wrap">
        <code>{folder}</code>
        <span className="muted">
          {plural(account.files, "file")} · {plural(account.runs.length, "run")}
          {account.software.length > 0 && ` · recognised: ${account.software.join(", ")}`}
        </span>
        <button type="button" disabled={!account.canUndo || change.isPending} onClick={() => decide({ say: "undo" })}>
          Take back the last decision
        </button>
        <Link to="/new">Another folder</Link>
      </p>
      {/* it is told where it was said: a fact's fault stands at its field */}
      {change.error && change.variables.path !== "facts" && <ErrorPanel error={change.error} />}
      <p role="status" className="hidden">
        {change.isPending ? "Deciding…" : change.isSuccess ? "Decided" : ""}
      </p>
      <div className="beside-plan">
        <div className="first">
          <Questions {...part} />
          <Table {...part} />
          {isShown && <Sheet key={JSON.stringify(shown)} {...part} shown={shown} />}
        </div>
        <div className="second">
          <Unused {...part} />
          <Facts {...part} typed={facts} type={setFacts} />
        </div>
        <PlanBeside {...part} typed={facts} saved={() => setFacts({})} />
      </div>
    </>
  );
}
