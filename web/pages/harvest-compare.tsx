import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import type { ComparedCell, ComparedSet, ComparedTable, KeptAnswers } from "../../src/model/page-api.js";
import { ChooseKept, Scrolled, useKept } from "../kept/kept.js";
import { ask, base } from "../parts/api.js";
import { ABSENT, moment, plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer } from "../parts/states.js";
import { NoComparison } from "./harvest.js";

/** One comparison of data sets: the tables of `harvest compare`, each contradiction beside its value. */
export function HarvestCompare() {
  const { set } = useSearch({ from: "/harvest/compare" });
  const asked = useKept("harvest/sets");
  useCrumbs({ label: "Harvest", to: "/harvest" }, { label: "Comparison" });
  return (
    <div className="page">
      <h1>Comparison</h1>
      {set === undefined ? (
        <Answer asked={asked}>
          {({ kept: [newest] }) => (newest ? <Compared id={newest.id} answers={asked.data} /> : <NoComparison />)}
        </Answer>
      ) : (
        <Compared id={set} answers={asked.data} />
      )}
    </div>
  );
}

/** @param answers all comparisons, once they are known */
function Compared({ id, answers }: { id: string; answers: KeptAnswers | undefined }) {
  const navigate = useNavigate();
  const asked = useQuery({
    queryKey: ["comparison", id],
    queryFn: ({ signal }) => ask<ComparedSet>(`harvest/sets/${encodeURIComponent(id)}`, signal),
    staleTime: 0,
  });
  return (
    <>
      {answers && (
        <ChooseKept
          answers={answers}
          chosen={id}
          choose={(next) => void navigate({ to: "/harvest/compare", search: { set: next } })}
        />
      )}
      <Answer asked={asked}>{(compared) => <Tables compared={compared} />}</Answer>
    </>
  );
}

function Tables({ compared: { id, at, command, tables, conflicts, notes } }: { compared: ComparedSet }) {
  useCommand({ line: command, ask: `harvest/sets/${encodeURIComponent(id)}` });
  const file = (name: string) => new URL(`api/v1/harvest/sets/${encodeURIComponent(id)}/${name}`, base).href;
  return (
    <>
      <div className="spread">
        <p>
          {conflicts.length > 0 ? (
            <a href="#contradictions" className="warn">
              ⚠ {plural(conflicts.length, "contradiction")}
            </a>
          ) : (
            <span>No contradiction</span>
          )}{" "}
          <span className="muted">· compared {moment(at)}</span>
        </p>
        <p className="row">
          <a className="button" href={file("comparison.csv")} download>
            <Download size={16} aria-hidden /> CSV
          </a>
          <a className="button" href={file("comparison.json")} download={`${id}.json`}>
            <Download size={16} aria-hidden /> JSON
          </a>
        </p>
      </div>
      {tables.map((table) => (
        <Compare key={table.title} table={table} conflicts={conflicts} />
      ))}
      <p className="muted">
        Values are the files' own. <i>web</i>: the file does not say it, the portal does. <i>derived</i>: computed. {ABSENT}:
        unknown. ⚠: two sources disagree; the table has the file's value.
      </p>
      {conflicts.length > 0 && (
        <section aria-labelledby="contradictions">
          <h2 id="contradictions">Contradictions</h2>
          <ol>
            {conflicts.map(({ dataset, field, says }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: their numbers are what cells refer to
              <li key={at} id={`contradiction-${at + 1}`}>
                <strong>{dataset}</strong>, {field}: <span className="warn">{says}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {notes.length > 0 && (
        <section aria-labelledby="notes">
          <h2 id="notes">Notes</h2>
          <ul>
            {notes.map(({ dataset, says }) => (
              <li key={`${dataset} ${says}`}>
                <strong>{dataset}</strong>: {says}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Compare({ table: { title, columns, rows }, conflicts }: { table: ComparedTable; conflicts: ComparedSet["conflicts"] }) {
  return (
    <section>
      <h2>{title}</h2>
      <Scrolled label={title}>
        <table>
          <thead>
            <tr>
              {columns.map(({ key, says, label }) => (
                <th key={key} scope="col" title={says}>
                  {label ?? key}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name, and stay where they are
              <tr key={at}>
                {row.map((cell, column) => (
                  <Value key={columns[column]!.key} cell={cell} isHead={column === 0} conflicts={conflicts} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

function Value({ cell, isHead, conflicts }: { cell: ComparedCell; isHead: boolean; conflicts: ComparedSet["conflicts"] }) {
  const { text, isNumber, from, conflicts: disputed } = cell;
  const Cell = isHead ? "th" : "td";
  return (
    <Cell className={isNumber ? "number" : undefined} scope={isHead ? "row" : undefined}>
      {disputed.length > 0 ? (
        <a
          className="warn"
          href={`#contradiction-${disputed[0]! + 1}`}
          title={disputed.map((at) => conflicts[at]?.says).join("; ")}
        >
          ⚠ {text ?? ABSENT} [{disputed.map((at) => at + 1).join(", ")}]
        </a>
      ) : (
        <span className={from.length > 0 ? "muted" : undefined}>{text ?? ABSENT}</span>
      )}
      {from.length > 0 && <small> {from.join(", ")}</small>}
    </Cell>
  );
}
