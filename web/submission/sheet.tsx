import { X } from "lucide-react";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import type { SubmissionFile } from "../../src/model/page-api.js";
import { ABSENT, angstrom, bytes, count, plural, shape } from "../parts/format.js";
import { Answer } from "../parts/states.js";
import { Picture } from "./picture.js";
import { FILES, type PartProps, type Shown, useFiles } from "./saying.js";

/** Files with their pictures, and a decision about all of them, or about those that are chosen. */
export function Sheet(props: PartProps & { shown: Shown }) {
  const { id, account, show, shown } = props;
  const [offset, setOffset] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const asked = useFiles(id, account.etag, shown, offset);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const toggle = (path: string) => {
    const next = new Set(chosen);
    if (!next.delete(path)) next.add(path);
    setChosen(next);
  };
  return (
    <section aria-label="Files" className="panel files">
      <div className="spread">
        <h2 ref={heading} tabIndex={-1}>
          {titleOf(shown, account)}
        </h2>
        <button type="button" onClick={() => show({})}>
          <X size={16} aria-hidden /> Close
        </button>
      </div>
      <Answer asked={asked}>
        {({ files, total }) => (
          <>
            {total > 0 && <Decide {...props} chosen={chosen} total={total} decided={() => setChosen(new Set())} />}
            <p role="status" className="row wrap">
              {total === 0 ? "No files: each of them is something else now." : plural(total, "file")}
              {total > FILES && (
                <>
                  , {count(offset + 1)} to {count(offset + files.length)}
                  <button type="button" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - FILES))}>
                    Earlier
                  </button>
                  <button type="button" disabled={offset + FILES >= total} onClick={() => setOffset(offset + FILES)}>
                    Later
                  </button>
                </>
              )}
            </p>
            <ul className="sheet">
              {files.map((file) => (
                <Item key={file.path} file={file} isChosen={chosen.has(file.path)} toggle={() => toggle(file.path)} />
              ))}
            </ul>
          </>
        )}
      </Answer>
    </section>
  );
}

function Item({ file, isChosen, toggle }: { file: SubmissionFile; isChosen: boolean; toggle: () => void }) {
  const { path, is, run, because, isDecided, size } = file;
  const [z, y, x] = file.shape ?? [];
  return (
    <li>
      <label className={isChosen ? "chosen" : undefined}>
        <Picture file={file} />
        <span className="name">
          <input type="checkbox" checked={isChosen} onChange={toggle} /> {path}
        </span>
      </label>
      <span>
        {is ?? "nobody knows"}
        {run !== undefined && is !== "left out" && ` of ${run}`}
      </span>
      <small>
        {file.shape ? `${shape(x, y, z)}, ${angstrom(file.voxelSizeAngstrom)}` : bytes(size)}
        {" · "}
        {isDecided ? "you decided it" : because}
      </small>
    </li>
  );
}

function titleOf({ run, is, group, question, pattern }: Shown, { unused, questions }: PartProps["account"]): string {
  if (group !== undefined) {
    const found = unused.find(({ id }) => id === group);
    return found ? `${found.fate}: ${found.because}` : "Not used";
  }
  if (question !== undefined) return questions.find(({ id }) => id === question)?.text ?? "Files of a question";
  if (pattern !== undefined) return `Files called ${pattern}`;
  const of = run === "" ? "of no single run" : run === undefined ? "of all runs" : `of ${run}`;
  return `${is ?? "All files"} ${of}`;
}

/** What the files are: all that are shown, or those that are chosen. */
function Decide({
  account: { roles, runs },
  change,
  decide,
  shown,
  chosen,
  total,
  decided,
}: PartProps & { shown: Shown; chosen: ReadonlySet<string>; total: number; decided: () => void }) {
  const [is, setIs] = useState("");
  const [run, setRun] = useState("");
  const say = (role: string) => {
    const as = run.trim() || undefined;
    if (chosen.size > 0) decide({ say: "files", paths: [...chosen], is: role, run: as });
    else decide({ say: "all", of: shown, is: role, as });
    decided();
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    say(is);
  };
  const which = chosen.size > 0 ? plural(chosen.size, "chosen file") : total === 1 ? "This file" : `All ${plural(total, "file")}`;
  return (
    <form className="row wrap decide" onSubmit={submit}>
      <span>{which}:</span>
      <button type="button" disabled={change.isPending} onClick={() => say("left out")}>
        Leave out
      </button>
      <label className="row">
        is
        <select value={is} required onChange={({ target }) => setIs(target.value)}>
          <option value="">{ABSENT}</option>
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </label>
      <label className="row">
        of run
        <input
          value={run}
          list="runs-of-folder"
          size={16}
          placeholder="by its name"
          onChange={({ target }) => setRun(target.value)}
          spellCheck={false}
        />
      </label>
      <datalist id="runs-of-folder">
        {runs.slice(0, 500).map(({ run: name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit" disabled={is === "" || change.isPending}>
        {change.isPending ? "Deciding…" : "Decide"}
      </button>
    </form>
  );
}
