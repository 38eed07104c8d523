import { useParams } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import type { JobField, JobForms } from "../../src/model/page-api.js";
import { nameOf, useJobForms, usePlanning } from "../parts/job-forms.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty, ErrorPanel } from "../parts/states.js";
import { useWriting } from "../parts/writing.js";
import "./job-form.css";

type Kind = JobForms["kinds"][number];
type Value = string | boolean | readonly string[] | undefined;

/** A command's own options as a form: what it asks for is planned. */
export function JobForm() {
  const { kind = "" } = useParams({ strict: false });
  const name = nameOf(kind);
  useCrumbs({ label: "Jobs", to: "/jobs" }, { label: "New", to: "/jobs/new" }, { label: name });
  const help = `emporium ${name} --help`;
  useCommand({ line: help });
  const isWriting = useWriting("write");
  return (
    <div className="page">
      <h1>{name}</h1>
      {isWriting ? (
        <Asked kind={kind} />
      ) : (
        <Empty command={help}>
          This page only reads. With <code>emporium serve --write --token-file FILE</code> it plans and starts this command.
        </Empty>
      )}
    </div>
  );
}

function Asked({ kind }: { kind: string }) {
  const asked = useJobForms();
  return (
    <Answer asked={asked}>
      {(forms) => {
        const found = forms.kinds.find((one) => one.kind === kind);
        if (!found) return <Empty command="emporium --help">No job of this server is called {kind}.</Empty>;
        return <Form key={kind} kind={found} forms={forms} />;
      }}
    </Answer>
  );
}

function Form({ kind: { kind, summary, fields }, forms: { roots, configs } }: { kind: Kind; forms: JobForms }) {
  const [values, setValues] = useState<Readonly<Record<string, Value>>>({});
  const planning = usePlanning();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    planning.mutate({ ...Object.fromEntries(fields.map((field) => [field.name, given(field, values[field.name])])), kind });
  };
  const needed = fields.filter(({ isNeeded }) => isNeeded);
  const others = fields.filter(({ isNeeded }) => !isNeeded);
  const shown = (all: readonly JobField[]) =>
    all.map((field) => (
      <Field
        key={field.name}
        field={field}
        value={values[field.name]}
        set={(value) => setValues({ ...values, [field.name]: value })}
      />
    ));
  const lists = {
    read: [...roots.map(({ location }) => location), ...configs.flatMap(({ location, folder }) => [location, folder])],
    write: roots.filter(({ writable }) => writable).map(({ location }) => location),
  };
  return (
    <form className="job-form" onSubmit={submit}>
      <p>{summary}</p>
      {Object.entries(lists).map(([use, locations]) => (
        <datalist key={use} id={`locations-${use}`}>
          {[...new Set(locations)].map((location) => (
            <option key={location} value={location} />
          ))}
        </datalist>
      ))}
      {shown(needed)}
      {others.length > 0 && (
        <details open={needed.length === 0}>
          <summary>Options</summary>
          {shown(others)}
        </details>
      )}
      <p>
        <button type="submit" className="primary" disabled={planning.isPending}>
          {planning.isPending ? "Planning…" : "Plan"}
        </button>
      </p>
      {planning.error && <ErrorPanel error={planning.error} />}
    </form>
  );
}

/** Value of an option for the command. Undefined where the form says nothing: the command has its own default then. */
function given({ type, choices }: JobField, value: Value): unknown {
  if (value === undefined || value === "" || typeof value === "boolean") return value === "" ? undefined : value;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (type === "text" || type === "choice") return value;
  const lines = (value as string).split("\n").flatMap((line) => line.trim() || []);
  if (lines.length === 0) return undefined;
  if (type === "lines") return lines;
  const groups: Record<string, string[]> = {};
  for (const line of lines) {
    const [name = "", ...rest] = line.split("=");
    // a group that is none is sent, too: the server says which there are
    const group = choices!.find((one) => one === name.trim()) ?? name.trim();
    groups[group] = [...(groups[group] ?? []), rest.join("=").trim()];
  }
  return groups;
}

function Field({ field, value, set }: { field: JobField; value: Value; set: (value: Value) => void }) {
  const { name, word, description, type, isNeeded, use, choices = [] } = field;
  const [id, hint] = [`field-${name}`, `hint-${name}`];
  const attributes = { id, required: isNeeded, spellCheck: false, "aria-describedby": hint };
  const text = typeof value === "string" ? value : "";
  if (type === "choices") {
    const chosen = Array.isArray(value) ? (value as readonly string[]) : [];
    return (
      <fieldset>
        <legend>{word}</legend>
        <div className="row wrap">
          {choices.map((one) => (
            <label key={one} className="check">
              <input
                type="checkbox"
                checked={chosen.includes(one)}
                onChange={({ target }) => set(target.checked ? [...chosen, one] : chosen.filter((other) => other !== one))}
              />{" "}
              {one.replaceAll("_", " ")}
            </label>
          ))}
        </div>
        <small className="muted">{description}</small>
      </fieldset>
    );
  }
  if (type === "switch") {
    return (
      <div className="field">
        <label className="check">
          <input
            type="checkbox"
            aria-describedby={hint}
            checked={value === undefined ? field.default === true : value === true}
            onChange={({ target }) => set(target.checked)}
          />{" "}
          {word}
        </label>
        <small id={hint} className="muted">
          {description}
        </small>
      </div>
    );
  }
  const isLong = type === "lines" || type === "groups";
  return (
    <div className="field">
      <label htmlFor={id}>{word}</label>
      {type === "choice" ? (
        <select {...attributes} value={text} onChange={({ target }) => set(target.value)}>
          <option value="">{typeof field.default === "string" ? `${field.default} (default)` : ""}</option>
          {choices.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      ) : isLong ? (
        <textarea {...attributes} value={text} onChange={({ target }) => set(target.value)} />
      ) : (
        <input
          {...attributes}
          value={text}
          list={use === "read" || use === "write" ? `locations-${use}` : undefined}
          onChange={({ target }) => set(target.value)}
        />
      )}
      <small id={hint} className="muted">
        {description}
        {type === "lines" && "; one a line"}
        {type === "groups" && `; a line each, as ${choices[0]}=… (${choices.join(", ")})`}
      </small>
    </div>
  );
}
