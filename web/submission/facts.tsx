import { type SubmitEvent, useState } from "react";
import type { SubmissionFact } from "../../src/model/page-api.js";
import { AnswerError } from "../parts/api.js";
import { plural } from "../parts/format.js";
import { ErrorPanel } from "../parts/states.js";
import type { PartProps } from "./saying.js";

type Typed = Readonly<Record<string, string>>;

/** What only a person knows, once for all: the same questions as in a terminal. */
export function Facts({ account, change, typed, type }: PartProps & { typed: Typed; type: (typed: Typed) => void }) {
  const { facts, profile } = account;
  const [path, setPath] = useState(profile ?? "");
  const dirty = Object.keys(typed).length;
  const error = change.variables?.path === "facts" ? change.error : null;
  const fault = error instanceof AnswerError ? error.error : undefined;
  const isOwn = fault !== undefined && facts.some(({ key }) => key === fault.path);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate({ path: "facts", body: { facts: typed } }, { onSuccess: () => type({}) });
  };
  return (
    <section aria-label="Facts">
      <h2>Facts</h2>
      <p>What no file tells. What you leave empty is a placeholder in the configuration, with a comment that asks for it.</p>
      <form className="facts-form" onSubmit={submit}>
        {facts.map((fact) => (
          <Field
            key={fact.key}
            fact={fact}
            value={typed[fact.key] ?? fact.value ?? ""}
            set={(value) => type({ ...typed, [fact.key]: value })}
            fault={isOwn && fault.path === fact.key ? fault.message : undefined}
          />
        ))}
        <p className="row wrap all">
          <button type="submit" disabled={dirty === 0 || change.isPending}>
            Save facts
          </button>
          <span role="status" className="muted">
            {dirty > 0 && `${plural(dirty, "fact")} not saved; writing saves them`}
          </span>
        </p>
      </form>
      {error && !isOwn && <ErrorPanel error={error} />}
      <form
        className="row wrap"
        onSubmit={(event: SubmitEvent<HTMLFormElement>) => {
          event.preventDefault();
          change.mutate({ path: "profile", body: { path: path.trim() } });
        }}
      >
        <label className="row">
          Profile
          <input
            value={path}
            size={32}
            placeholder="/path/of/profile.yaml"
            spellCheck={false}
            onChange={({ target }) => setPath(target.value)}
          />
        </label>
        <button type="submit" disabled={path.trim() === (profile ?? "") || change.isPending}>
          Read the profile
        </button>
        <small>
          {profile === undefined
            ? "Facts that many configurations share; what is typed above counts more"
            : `read from ${profile}`}
        </small>
      </form>
    </section>
  );
}

function Field({
  fact: { key, text, choices, inProfile },
  value,
  set,
  fault,
}: {
  fact: SubmissionFact;
  value: string;
  set: (value: string) => void;
  fault: string | undefined;
}) {
  const id = `fact-${key}`;
  const attributes = { id, value, "aria-invalid": fault !== undefined, "aria-describedby": fault ? `${id}-fault` : undefined };
  return (
    <div className="field">
      <label htmlFor={id}>{text}</label>
      {choices ? (
        <select {...attributes} onChange={({ target }) => set(target.value)}>
          <option value="">{inProfile === undefined ? "" : `${inProfile} (profile)`}</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : key === "description" ? (
        <textarea {...attributes} placeholder={inProfile} onChange={({ target }) => set(target.value.replaceAll("\n", " "))} />
      ) : (
        <input
          {...attributes}
          type={key === "releaseDate" ? "date" : "text"}
          placeholder={inProfile}
          onChange={({ target }) => set(target.value)}
        />
      )}
      {fault && (
        <small id={`${id}-fault`} className="bad" role="alert">
          {fault}
        </small>
      )}
    </div>
  );
}
