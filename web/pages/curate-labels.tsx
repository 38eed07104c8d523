import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useState } from "react";
import type { CuratedLabels } from "../../src/model/page-api.js";
import { CuratePage } from "../kept/curate-nav.js";
import { ChooseKept, Scrolled, useKept } from "../kept/kept.js";
import { ask, base } from "../parts/api.js";
import { AppLink } from "../parts/app-link.js";
import { ABSENT, count, moment, plural } from "../parts/format.js";
import { useCommand } from "../parts/page.js";
import { Answer, Empty } from "../parts/states.js";

const LABELS = "emporium curate labels DRIVE --matches matching_runs.csv";
/** Above this ratio of the largest to the smallest number, bars can be drawn by their logarithms. */
const LOG_FROM = 100;

/** The labels of an archive: how many models each has, and what it means. */
export function CurateLabels() {
  const { set } = useSearch({ from: "/curate/labels" });
  const asked = useKept("curate/labels");
  const navigate = useNavigate();
  return (
    <CuratePage title="Labels">
      <Answer asked={asked}>
        {(answers) => {
          const id = set ?? answers.kept[0]?.id;
          if (id === undefined)
            return (
              <Empty command={LABELS}>
                No counts yet. This command counts the models of an archive by their labels, and keeps the result in the
                workspace; serve has to run with the same --workspace.
              </Empty>
            );
          return (
            <>
              <ChooseKept
                answers={answers}
                chosen={id}
                choose={(next) => void navigate({ to: "/curate/labels", search: { set: next } })}
              />
              <Counted key={id} id={id} />
            </>
          );
        }}
      </Answer>
    </CuratePage>
  );
}

function Counted({ id }: { id: string }) {
  const asked = useQuery({
    queryKey: ["labels", id],
    queryFn: ({ signal }) => ask<CuratedLabels>(`curate/labels/${encodeURIComponent(id)}`, signal),
    staleTime: 0,
  });
  return <Answer asked={asked}>{(labels) => <Labels counted={labels} />}</Answer>;
}

function Labels({ counted }: { counted: CuratedLabels }) {
  const { id, at, command, total, outside, classes, labels, lines } = counted;
  useCommand({ line: command, ask: `curate/labels/${encodeURIComponent(id)}` });
  const file = (name: string) => new URL(`api/v1/curate/labels/${encodeURIComponent(id)}/${name}`, base).href;
  const unexplained = labels.filter(({ meaning, status }) => meaning === undefined || status === "unresolved");
  const left = Object.entries(classes).filter(([name]) => name !== "annotation" && name !== "unlisted");
  return (
    <>
      <div className="spread">
        <p>
          <strong>{count(total)}</strong> models in {plural(labels.length, "label")}
          {left.length > 0 && <> · not counted: {left.map(([name, n]) => `${count(n)} ${name}`).join(", ")}</>}
          {outside > 0 && <> · {count(outside)} more in unmatched runs</>} <span className="muted">· counted {moment(at)}</span>
        </p>
        <p className="row">
          <a className="button" href={file("histogram.csv")} download>
            <Download size={16} aria-hidden /> CSV
          </a>
          <a className="button" href={file("histogram.svg")} download={`${id}.svg`}>
            <Download size={16} aria-hidden /> SVG
          </a>
        </p>
      </div>
      <div className="top">
        <div>
          <Bars labels={labels} />
        </div>
        <div>
          <img
            src={file("histogram.svg")}
            alt={`Histogram of the labels, as curate labels --plot draws it: ${count(total)} models`}
            style={{ display: "block", width: "100%", maxWidth: 800, height: "auto", background: "#fff" }}
          />
          {unexplained.length > 0 && (
            <section aria-labelledby="unexplained">
              <h2 id="unexplained">Without a meaning</h2>
              <p>
                {plural(unexplained.length, "label")} of {count(unexplained.reduce((sum, { count: n }) => sum + n, 0))} models, in
                no vocabulary or unresolved there. <code>emporium curate labels --show-vocabulary</code> shows the form of your
                own, which <code>--vocabulary</code> adds.
              </p>
              <p className="words">{unexplained.map(({ label, count: n }) => `${label} (${count(n)})`).join(", ")}</p>
            </section>
          )}
        </div>
      </div>
      <Files lines={lines} />
    </>
  );
}

function Bars({ labels }: { labels: CuratedLabels["labels"] }) {
  const sorted = [...labels].sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
  const [most, least] = [sorted[0]?.count ?? 1, sorted.at(-1)?.count ?? 1];
  const [isLog, setLog] = useState(false);
  const share = (n: number) => (isLog ? Math.log1p(n) / Math.log1p(most) : n / most);
  return (
    <>
      {most > LOG_FROM * least && (
        <p>
          <button type="button" aria-pressed={isLog} onClick={() => setLog(!isLog)}>
            Logarithmic bars
          </button>
        </p>
      )}
      <Scrolled label="Labels">
        <table id="labels">
          <thead>
            <tr>
              <th scope="col">Label</th>
              <th scope="col" className="number">
                Models
              </th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map(({ label, count: n, meaning, status, ontology }) => (
              <tr key={label}>
                <td>
                  <AppLink to={`/curate/matches?label=${encodeURIComponent(label)}`}>{label}</AppLink>
                </td>
                <td className="number">
                  {count(n)}
                  <div
                    aria-hidden
                    style={{
                      width: `${100 * share(n)}%`,
                      minWidth: 1,
                      height: 4,
                      marginLeft: "auto",
                      background: "var(--accent)",
                      forcedColorAdjust: "none",
                    }}
                  />
                </td>
                <td className="why">
                  {status === "unresolved" ? (
                    <span className="warn">? unresolved term</span>
                  ) : meaning === undefined ? (
                    <span className="warn">? not in the vocabulary</span>
                  ) : (
                    meaning
                  )}
                  {ontology && <small> {ontology}</small>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </>
  );
}

const COLUMNS = ["Drive", "Label", "File name", "Class", "Files", "Runs", "With points", "Empty"];
const FILES_SHOWN = 500;

/** The lines of `--csv`. */
function Files({ lines }: { lines: CuratedLabels["lines"] }) {
  return (
    <details>
      <summary>
        <span>By drive and file name, {plural(lines.length, "line")}</span>
      </summary>
      <Scrolled label="By drive and file name">
        <table id="files">
          <thead>
            <tr>
              {COLUMNS.map((name, at) => (
                <th key={name} scope="col" className={at > 3 ? "number" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, FILES_SHOWN).map((line) => (
              <tr key={line.slice(0, 4).join("\n")}>
                {line.map((cell, at) => (
                  <td key={COLUMNS[at]} className={at > 3 ? "number" : undefined}>
                    {typeof cell === "number" ? count(cell) : cell || ABSENT}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {lines.length > FILES_SHOWN && <p className="muted">The first {count(FILES_SHOWN)} lines; the CSV has all.</p>}
    </details>
  );
}
