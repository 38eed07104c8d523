import { type SubmitEvent, useState } from "react";
import { plural } from "../parts/format.js";
import type { PartProps } from "./saying.js";

const SHOWN = 20;

/** What is not used, by reason, and files by a pattern. */
export function Unused({ account: { unused, notes }, show, decide, change }: PartProps) {
  const [isAll, setIsAll] = useState(false);
  const [pattern, setPattern] = useState("");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    show({ pattern: pattern.trim() });
  };
  const rows = isAll ? unused : unused.slice(0, SHOWN);
  return (
    <section aria-label="Not used" className="unused">
      <h2>Not used</h2>
      {unused.length === 0 && <p>Every file is used.</p>}
      <ul className="hits">
        {rows.map(({ id, fate, because, files, example }) => (
          <li key={id}>
            <button type="button" onClick={() => show({ group: id })}>
              {plural(files, "file")}
            </button>
            <span>
              <strong>{fate}</strong>: {because}{" "}
              <span className="muted">
                {files > 1 && "such as "}
                {example}
              </span>
            </span>
            {fate === "not used" && (
              <button
                type="button"
                disabled={change.isPending}
                onClick={() => decide({ say: "all", of: { group: id }, is: "left out" })}
              >
                Leave out
              </button>
            )}
          </li>
        ))}
      </ul>
      {unused.length > rows.length && (
        <button type="button" onClick={() => setIsAll(true)}>
          Show all {plural(unused.length, "reason")}
        </button>
      )}
      {notes.length > 0 && (
        <ul className="hits muted">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <form className="row wrap" onSubmit={submit}>
        <label className="row">
          Files by a pattern
          <input
            value={pattern}
            required
            size={24}
            placeholder="logs/*.log"
            spellCheck={false}
            onChange={({ target }) => setPattern(target.value)}
          />
        </label>
        <button type="submit">Show files</button>
        <small>* stands for any letters of a name, {"{run_name}"} for the name of a run</small>
      </form>
    </section>
  );
}
