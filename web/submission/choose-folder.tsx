import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import type { Submission, SubmissionForm } from "../../src/model/page-api.js";
import { useCommand } from "../parts/page.js";
import { Answer, Empty, ErrorPanel } from "../parts/states.js";
import { send } from "../parts/writing.js";
import { useSubmissionForm } from "./saying.js";
import "../pages/job-form.css";

const FOLDERS_MAX = 24;
const MORE = ["decisions", "profile", "matches", "vocabulary"] as const;
const SAYS = { surveying: "being looked at", ready: "open", failed: "failed" } as const;

/** The folder that is looked at, and what was decided of it before. */
export function ChooseFolder() {
  useCommand({ line: "emporium ingest new --from DIR" });
  const asked = useSubmissionForm();
  return (
    <>
      <p className="words">
        Looks at every file of a folder that nobody prepared: the bookkeeping of the software that worked there, headers and names
        tell what each file is and of which run. The folder is not changed, and nothing is written before you say so.
      </p>
      <Answer asked={asked}>
        {(form) =>
          form.roots.length === 0 ? (
            <Empty command="emporium serve FOLDER --write --token-file FILE">This server has no folder to look at.</Empty>
          ) : (
            <Form form={form} />
          )
        }
      </Answer>
    </>
  );
}

function Form({ form: { folders, roots, open } }: { form: SubmissionForm }) {
  const navigate = useNavigate();
  const [given, setGiven] = useState({ folder: "", decisions: "", profile: "", matches: "", vocabulary: "" });
  const [anonymous, setAnonymous] = useState(false);
  const opening = useMutation({
    mutationFn: (folder: string) =>
      send<Submission>("POST", "submissions", {
        folder,
        ...Object.fromEntries(MORE.flatMap((name) => (given[name].trim() === "" ? [] : [[name, given[name].trim()]]))),
        ...(anonymous && { anonymous }),
      }),
    onSuccess: ({ id }) => void navigate({ to: "/new", search: { of: id } }),
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    opening.mutate(given.folder.trim());
  };
  const field = (name: keyof typeof given, label: string, hint: string) => (
    <div className="field">
      <label htmlFor={`new-${name}`}>{label}</label>
      <input
        id={`new-${name}`}
        aria-describedby={`hint-${name}`}
        list={name === "folder" ? "new-folders" : undefined}
        required={name === "folder"}
        value={given[name]}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => setGiven({ ...given, [name]: target.value })}
      />
      <small id={`hint-${name}`} className="muted">
        {hint}
      </small>
    </div>
  );
  return (
    <>
      <form className="job-form" onSubmit={submit}>
        <datalist id="new-folders">
          {[...new Set([...folders, ...roots.map(({ location }) => location)])].map((folder) => (
            <option key={folder} value={folder} />
          ))}
        </datalist>
        {field("folder", "Folder or bucket", `In ${roots.map(({ location }) => location).join(", ")}`)}
        <details>
          <summary>Decisions, profile, vocabulary, matches</summary>
          {field("decisions", "File of decisions", "NAME.decisions.yaml, as ingest new or this page wrote it")}
          {field("profile", "Profile", "Author, microscope and the like that many configurations share")}
          {field("matches", "Table of matches", "matching_runs.csv of curate match: runs that the portal has are left out")}
          {field("vocabulary", "Vocabulary", "Names and identifiers of what is annotated, as curate labels takes them")}
          <label>
            <input type="checkbox" checked={anonymous} onChange={({ target }) => setAnonymous(target.checked)} /> Send unsigned
            requests to buckets
          </label>
        </details>
        <p>
          <button type="submit" className="primary" disabled={opening.isPending}>
            Look at the folder
          </button>
        </p>
        {opening.error && <ErrorPanel error={opening.error} />}
      </form>
      {open.length > 0 && (
        <section aria-label="Looked at before">
          <h2>Looked at before</h2>
          <ul className="hits">
            {open.map(({ id, folder, state }) => (
              <li key={id}>
                <Link to="/new" search={{ of: id }}>
                  {folder}
                </Link>
                <span className="muted">{SAYS[state]}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {folders.length > 0 && (
        <section aria-label="Folders of this server">
          <h2>Folders of this server</h2>
          <ul className="row wrap folders">
            {folders.slice(0, FOLDERS_MAX).map((folder) => (
              <li key={folder}>
                <button type="button" title={folder} disabled={opening.isPending} onClick={() => opening.mutate(folder)}>
                  {folder.slice(folder.lastIndexOf("/") + 1) || folder}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
