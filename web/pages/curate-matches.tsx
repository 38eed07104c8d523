import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { MatchesAnswer, ShownMatch } from "../../src/model/page-api.js";
import { CuratePage } from "../kept/curate-nav.js";
import { ChooseKept, Scrolled, useKept } from "../kept/kept.js";
import { nameDiff } from "../kept/name-diff.js";
import { Decided, Name, Review, type RowProps } from "../kept/review.js";
import { AnswerError, ask } from "../parts/api.js";
import { CsvButton } from "../parts/csv-button.js";
import { ABSENT, count, moment, plural } from "../parts/format.js";
import { useCommand } from "../parts/page.js";
import type { FileTable } from "../parts/save.js";
import { Answer, Empty, ErrorPanel } from "../parts/states.js";
import { useTabs } from "../parts/tabs.js";

const MATCH = "emporium curate match DRIVE --author NAME";
const STATUSES = [
  ["ambiguous", "?", "warn"],
  ["matched", "✓", undefined],
  ["manual", "✓", undefined],
  ["rejected", "✕", "bad"],
] as const;
const FILTERS = ["drive", "species", "rule"] as const;
const ROWS = 200;

/** Folders of an archive and the runs of a portal that they may be: rule, score, and the letters in which the names differ. */
export function CurateMatches() {
  const search = useSearch({ from: "/curate/matches" });
  const sets = useKept("curate/matches/sets");
  const navigate = useNavigate();
  const query = textOf(search);
  const asked = useQuery({
    queryKey: ["matches", query],
    queryFn: ({ signal }) => ask<MatchesAnswer>(`curate/matches?${query}`, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
    // another tab may have decided meanwhile
    refetchOnWindowFocus: true,
  });
  useTabs("matches");
  const go = (change: Search) => void navigate({ to: "/curate/matches", search: { ...search, row: undefined, ...change } });
  useCommand({ line: asked.data?.command ?? MATCH, ask: `curate/matches?${query}` });
  return (
    <CuratePage title="Matches">
      <Answer asked={asked}>
        {(answer) =>
          answer.id === undefined ? (
            <Empty command={MATCH}>
              No table of matches yet. This command matches the folders of an archive with the runs of a portal, and notes in the
              workspace where its table is; serve has to run with the same --workspace.
            </Empty>
          ) : (
            <>
              {sets.data && <ChooseKept answers={sets.data} chosen={answer.id} choose={(set) => go({ set })} />}
              <Filters answer={answer} search={search} go={go} />
              <Rows answer={answer} go={go} search={search} />
            </>
          )
        }
      </Answer>
    </CuratePage>
  );
}

interface Search {
  set?: string | undefined;
  labels?: string | undefined;
  rule?: string | undefined;
  drive?: string | undefined;
  species?: string | undefined;
  label?: string | undefined;
  row?: number | undefined;
  status?: ShownMatch["status"] | "taken" | undefined;
}
/** As the server's address has it. */
const textOf = (search: Search): string =>
  new URLSearchParams(
    Object.entries(search).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();

const matchesTable = (rows: readonly ShownMatch[]): FileTable => ({
  columns: [
    "archive_run",
    "portal_run",
    "portal_run_id",
    "dataset_id",
    "status",
    "rule",
    "score",
    "decision",
    "who",
    "drive",
    "species",
    "folder",
  ],
  rows: rows.map(
    ({ archiveRun, portalRun, portalRunId, datasetId, status, rule, score, decision, who, drive, species, folder }) => [
      ...[archiveRun, portalRun, portalRunId, datasetId, status, rule, score, decision, who, drive, species, folder],
    ],
  ),
});

interface Part {
  answer: MatchesAnswer;
  search: Search;
  go: (change: Search) => void;
}

function Filters({ answer, search, go }: Part) {
  const { byStatus, values, unmatched, at } = answer;
  const all = Object.values(byStatus).reduce((sum, n) => sum + n, 0);
  return (
    <>
      <div className="row wrap">
        <fieldset className="choice">
          <legend className="hidden">Status</legend>
          <button type="button" aria-pressed={search.status === undefined} onClick={() => go({ status: undefined })}>
            all {count(all)}
          </button>
          {STATUSES.map(([status, sign]) => (
            <button
              key={status}
              type="button"
              aria-pressed={
                search.status === status || (search.status === "taken" && (status === "matched" || status === "manual"))
              }
              onClick={() => go({ status: search.status === status ? undefined : status })}
            >
              {sign} {status} {count(byStatus[status] ?? 0)}
            </button>
          ))}
        </fieldset>
        {FILTERS.map((name) => (
          <label key={name} className="row">
            {name}
            <select
              value={search[name] ?? "*"}
              onChange={({ target: { value } }) => go({ [name]: value === "*" ? undefined : value })}
              style={{ maxWidth: 200 }}
            >
              <option value="*">all</option>
              {search[name] !== undefined && !values[name]?.includes(search[name]) && (
                <option value={search[name]}>{search[name] || "(none)"}</option>
              )}
              {values[name]?.map((value) => (
                <option key={value} value={value}>
                  {value || "(none)"}
                </option>
              ))}
            </select>
          </label>
        ))}
        {search.label !== undefined && (
          <button type="button" onClick={() => go({ label: undefined })} title="Take this filter away">
            runs with label {search.label} ×
          </button>
        )}
      </div>
      <p className="muted" style={{ marginTop: 8 }}>
        Made {at && moment(at)}
        {unmatched &&
          ` · unmatched: ${plural(unmatched.archive, "run folder")}, ${plural(unmatched.portal, "run")} of the portal (unmatched_archive.csv, unmatched_portal.csv)`}
      </p>
    </>
  );
}

function Rows({ answer, go, search }: Part) {
  const { rows, total, row } = answer;
  if (rows.length === 0)
    return (
      <div className="panel">
        <p>No row fits these filters.</p>
        <button
          type="button"
          onClick={() => go({ status: undefined, drive: undefined, species: undefined, rule: undefined, label: undefined })}
        >
          Show all rows
        </button>
      </div>
    );
  const { decisions } = answer;
  return (
    <>
      <p role="status" className="row wrap">
        {plural(total, "row")}
        {total > rows.length && (
          <>
            , {count(row + 1)} to {count(row + rows.length)}
            <button type="button" disabled={row === 0} onClick={() => go({ row: Math.max(0, row - ROWS) || undefined })}>
              Earlier
            </button>
            <button type="button" disabled={row + rows.length >= total} onClick={() => go({ row: row + ROWS })}>
              Later
            </button>
          </>
        )}
        <CsvButton
          key={textOf(search)}
          name={`matches ${answer.id}`}
          total={total}
          rows={async (offset, signal) =>
            (await ask<MatchesAnswer>(`curate/matches?${textOf({ ...search, row: offset })}`, signal)).rows
          }
          table={matchesTable}
        />
      </p>
      {decisions?.error && <ErrorPanel error={new AnswerError(decisions.error, 422)} />}
      <Review key={`${answer.id} ${row}`} answer={answer}>
        {(rowProps) => <Table rows={rows} total={total} row={row} rowProps={rowProps} />}
      </Review>
    </>
  );
}

function Table({
  rows,
  total,
  row,
  rowProps,
}: Pick<MatchesAnswer, "rows" | "total" | "row"> & { rowProps: (at: number) => RowProps }) {
  const numbered = rows.map((one, at) => [at, one] as const);
  return (
    <Scrolled label="Matches">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows of the table have the focus */}
      <table id="matches" role="grid" aria-label="Matches" aria-rowcount={total + 1}>
        <thead>
          <tr>
            <th scope="col">Archive name</th>
            <th scope="col">Portal run</th>
            <th scope="col">Status</th>
            <th scope="col">Rule</th>
            <th scope="col" className="number">
              Score
            </th>
            <th scope="col">Decision</th>
            <th scope="col">Drive</th>
            <th scope="col">Species</th>
          </tr>
        </thead>
        <tbody>
          {numbered.map(([at, one]) => (
            <Match key={row + at} row={one} index={row + at} props={rowProps(at)} />
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

function Match({ row, index, props }: { row: ShownMatch; index: number; props: RowProps }) {
  const { archiveRun, portalRun, portalRunId, datasetId, status, rule, score, drive, species } = row;
  const [own, other] = nameDiff(archiveRun, portalRun);
  const [, sign, colour] = STATUSES.find(([name]) => name === status) ?? ["", "", undefined];
  return (
    <tr aria-rowindex={index + 2} {...props}>
      <td>
        <Name stretches={own} />
      </td>
      <td>
        <Name stretches={other} />{" "}
        <small>{[portalRunId && `run ${portalRunId}`, datasetId && `dataset ${datasetId}`].filter(Boolean).join(", ")}</small>
      </td>
      <td className={colour}>
        {sign} {status}
      </td>
      <td>{rule}</td>
      <td className="number">{score.toFixed(2)}</td>
      <td>
        <Decided row={row} />
      </td>
      <td>{drive || ABSENT}</td>
      <td>{species || ABSENT}</td>
    </tr>
  );
}
