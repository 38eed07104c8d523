import { Link } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { quoteWords } from "../../src/core/shell.js";
import { KINDS } from "../../src/model/kinds.js";
import type { JobForms } from "../../src/model/page-api.js";
import { useJobForms, usePlanning } from "../parts/job-forms.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty, ErrorPanel } from "../parts/states.js";
import { useWriting } from "../parts/writing.js";
import "./job-form.css";

const PLAN = "emporium ingest plan CONFIG.yaml INPUT OUTPUT --import-everything";

/** A deposit is planned here; without a token the command for it. */
export function Ingest() {
  useCrumbs({ label: "Jobs", to: "/jobs" }, { label: "Ingest" });
  useCommand({ line: PLAN });
  const isWriting = useWriting("write");
  return (
    <div className="page">
      <h1>Ingest</h1>
      <p>
        A configuration says where the files of a deposit are and what they are. Planning reads them and writes nothing: the plan
        shows what a run would read, write and leave out.
      </p>
      {isWriting ? (
        <Forms />
      ) : (
        <Empty command={PLAN}>
          This page only reads. The command shows a plan in a terminal, and <code>emporium ingest run</code> with the same words
          does it; its run is then among the <Link to="/jobs">jobs</Link>. With{" "}
          <code>emporium serve --write --token-file FILE</code> this page plans and starts it.
        </Empty>
      )}
    </div>
  );
}

function Forms() {
  const asked = useJobForms();
  return <Answer asked={asked}>{(forms) => <Form forms={forms} />}</Answer>;
}

/** Kinds that a configuration may have a section of. */
const SECTIONS = KINDS.filter(({ configured }) => configured).map(({ section }) => section);

const WHAT = { everything: "everything", metadata: "all metadata, no items", some: "some kinds" } as const;

function Form({ forms: { configs, roots, isCut } }: { forms: JobForms }) {
  const [first] = configs;
  const writable = roots.filter((root) => root.writable);
  const [config, setConfig] = useState(first?.location ?? "");
  const [input, setInput] = useState(first?.folder ?? "");
  const [output, setOutput] = useState("");
  const [what, setWhat] = useState<keyof typeof WHAT>("everything");
  const [kinds, setKinds] = useState<readonly string[]>([]);
  const planning = usePlanning();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const chosen = {
      everything: { importEverything: true },
      metadata: { importAllMetadata: true },
      some: { import: kinds },
    };
    planning.mutate({ kind: "ingest.run", config, input, output, ...chosen[what] });
  };
  const isNothing = what === "some" && kinds.length === 0;
  return (
    <form className="job-form" onSubmit={submit}>
      <Locations id="configs" locations={configs.map(({ location }) => location)} />
      <Locations id="inputs" locations={[...roots.map(({ location }) => location), ...configs.map(({ folder }) => folder)]} />
      <Locations id="outputs" locations={writable.map(({ location }) => location)} />
      <Field
        label="Configuration"
        list="configs"
        value={config}
        set={setConfig}
        hint={
          configs.length === 0
            ? "No configuration was found in the locations of this server."
            : `${configs.length} found${isCut ? ", and more are there" : ""}`
        }
      />
      <Field
        label="Input"
        list="inputs"
        value={input}
        set={setInput}
        hint="Folder or bucket of the sources; source_prefix of the configuration is below it"
      />
      <Field
        label="Output"
        list="outputs"
        value={output}
        set={setOutput}
        hint={
          writable.length === 0
            ? "This server writes nowhere: emporium serve --write-root DIR"
            : `The standardised tree; in ${writable.map(({ location }) => location).join(" or ")}`
        }
      />
      <fieldset>
        <legend>Import</legend>
        {Object.entries(WHAT).map(([key, label]) => (
          <label key={key} className="check">
            <input type="radio" name="what" checked={what === key} onChange={() => setWhat(key as keyof typeof WHAT)} /> {label}
          </label>
        ))}
        {what === "some" && <Kinds chosen={kinds} choose={setKinds} />}
      </fieldset>
      <p className="row wrap">
        <button type="submit" className="primary" disabled={planning.isPending || isNothing}>
          {planning.isPending ? "Planning…" : "Plan"}
        </button>
        <code className="muted">
          {quoteWords(["emporium", "ingest", "plan", config || "CONFIG", input || "INPUT", output || "OUTPUT"])}
        </code>
      </p>
      {planning.error && <ErrorPanel error={planning.error} />}
    </form>
  );
}

/** Locations that a field offers while somebody types. */
function Locations({ id, locations }: { id: string; locations: readonly string[] }) {
  return (
    <datalist id={id}>
      {[...new Set(locations)].map((location) => (
        <option key={location} value={location} />
      ))}
    </datalist>
  );
}

interface FieldProps {
  readonly label: string;
  /** Id of the locations that it offers. */
  readonly list: string;
  readonly value: string;
  set(text: string): void;
  readonly hint: string;
}

function Field({ label, list, value, set, hint }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={`field-${list}`}>{label}</label>
      <input
        id={`field-${list}`}
        aria-describedby={`hint-${list}`}
        value={value}
        list={list}
        required
        spellCheck={false}
        onChange={({ target }) => set(target.value)}
      />
      <small id={`hint-${list}`} className="muted">
        {hint}
      </small>
    </div>
  );
}

function Kinds({ chosen, choose }: { chosen: readonly string[]; choose(sections: readonly string[]): void }) {
  return (
    <div className="row wrap">
      {SECTIONS.map((section) => (
        <label key={section} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(section)}
            onChange={({ target }) => choose(target.checked ? [...chosen, section] : chosen.filter((one) => one !== section))}
          />{" "}
          {section.replaceAll("_", " ")}
        </label>
      ))}
    </div>
  );
}
