import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { FindingChange, ReportFacts, ReportFinding, ReportFindings } from "../../src/model/page-api.js";
import { viewAddress } from "../../src/model/ref.js";
import { ask, base } from "../parts/api.js";
import { AppLink, addressOfKey } from "../parts/app-link.js";
import { CsvButton } from "../parts/csv-button.js";
import { angstrom, count, moment, plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { reportFindings, reportQuery } from "../parts/queries.js";
import type { FileTable } from "../parts/save.js";
import { letterKeys } from "../parts/settings.js";
import { Answer, ErrorPanel } from "../parts/states.js";
import "./report.css";

const PAGE = 100;
const ROW = 92;
/** Number of checks with a chip, which fill one row; the others are in a menu. */
const CHECKS_SHOWN = 6;

interface Chosen {
  readonly severity?: string;
  readonly check?: string;
  readonly change?: string;
  readonly q?: string;
  readonly group?: string;
}

/** One report of `ingest validate`: what was found, where, and what is new since the one before. */
export function Report() {
  const { id = "" } = useParams({ strict: false });
  const asked = useQuery(reportQuery(id));
  const { data } = asked;
  const at = data && moment(data.at);
  useCrumbs({ label: "Validation", to: "/reports" }, { label: at ?? id });
  useCommand({ ask: `reports/${encodeURIComponent(id)}/document` });
  return (
    <div className="page report">
      <Answer asked={asked} title="Validation">
        {(report) => (
          <>
            <Head report={report} />
            <Findings key={id} report={report} />
            <Passed report={report} />
          </>
        )}
      </Answer>
    </div>
  );
}

function Head({ report: { id, name, folder, suite, config, isPart, at, counts, previous, changes } }: { report: ReportFacts }) {
  return (
    <>
      <h1>{[name, folder].filter(Boolean).join("/")}</h1>
      <p className="row wrap">
        <strong className={counts.failed > 0 ? "bad" : "ok"}>
          {counts.failed > 0 ? "✕" : "✓"} {plural(counts.failed, "error")}
        </strong>
        <span className={counts.warned > 0 ? "warn" : undefined}>
          {counts.warned > 0 && "⚠ "}
          {plural(counts.warned, "warning")}
        </span>
        <span>? {count(counts.skipped)} not decided</span>
        <span>✓ {count(counts.passed)} passed</span>
      </p>
      <p className="muted">
        {suite === "source" ? "Sources" : "Finished tree"}
        {config && `, with ${config}`}
        {isPart && ", a selected part"}, {moment(at)}.{" "}
        <a href={new URL(`api/v1/reports/${encodeURIComponent(id)}/document`, base).href} download={`${id}.json`}>
          Download JSON
        </a>
      </p>
      <p>
        {previous && changes ? (
          <>
            Since{" "}
            <Link to="/reports/$id" params={{ id: previous.id }}>
              {moment(previous.at)}
            </Link>
            : {count(changes.new)} new, {count(changes.gone)} gone, {count(changes.same)} unchanged.
          </>
        ) : (
          "This is the first report with these options: there is none to compare it with."
        )}
      </p>
    </>
  );
}

function Findings({ report }: { report: ReportFacts }) {
  const chosen = useSearch({ strict: false }) as Chosen;
  const group = chosen.group === "entity" || chosen.group === "place" ? chosen.group : "check";
  const navigate = useNavigate();
  const choose = (next: Partial<Record<keyof Chosen, string | undefined>>) =>
    void navigate({ to: ".", search: (now) => ({ ...now, ...next }), resetScroll: false });
  const asked = useQuery({ ...reportFindings(report.id, parameters(chosen, group), 0), placeholderData: keepPreviousData });
  const checks = report.checks
    .map(({ id, failed, warned }) => ({ id, found: failed + warned }))
    .filter(({ found }) => found > 0)
    .sort((a, b) => b.found - a.found);
  const { failed, warned } = report.counts;
  const chip = (name: keyof Chosen, value: string | undefined, label: string, n?: number) => {
    const isOn = chosen[name] === value;
    return (
      <button
        key={`${name} ${value}`}
        type="button"
        aria-pressed={isOn}
        onClick={() => choose({ [name]: isOn ? undefined : value })}
      >
        {label} {n !== undefined && <span className="muted">{count(n)}</span>}
      </button>
    );
  };
  const isAll = [chosen.severity, chosen.check, chosen.change, chosen.q].every((one) => one === undefined);
  return (
    <section aria-label="Findings">
      <div className="row wrap report-chips">
        <button
          type="button"
          aria-pressed={isAll}
          onClick={() => choose({ severity: undefined, check: undefined, change: undefined, q: undefined })}
        >
          all
        </button>
        {failed > 0 && chip("severity", "fail", "errors", failed)}
        {warned > 0 && chip("severity", "warn", "warnings", warned)}
        {report.changes && CHANGES.map(([value, label]) => chip("change", value, label, report.changes![value]))}
        {checks.slice(0, CHECKS_SHOWN).map(({ id, found }) => chip("check", id, id, found))}
        {checks.length > CHECKS_SHOWN && (
          <select
            aria-label="Check"
            value={chosen.check ?? ""}
            onChange={({ target }) => choose({ check: target.value || undefined })}
          >
            <option value="">every check</option>
            {checks.map(({ id, found }) => (
              <option key={id} value={id}>
                {id} ({found})
              </option>
            ))}
          </select>
        )}
      </div>
      <form
        className="row wrap query"
        onSubmit={(event) => {
          event.preventDefault();
          choose({ q: String(new FormData(event.currentTarget).get("q") ?? "").trim() || undefined });
        }}
      >
        <input
          key={chosen.q}
          type="search"
          name="q"
          defaultValue={chosen.q}
          aria-label="Entity, run, place or text"
          placeholder="entity, run, place…"
          maxLength={200}
        />
        <button type="submit">Filter</button>
        <label className="check">
          group by
          <select value={group} onChange={({ target }) => choose({ group: target.value === "check" ? undefined : target.value })}>
            <option value="check">check</option>
            <option value="entity">entity</option>
            <option value="place">place</option>
          </select>
        </label>
      </form>
      <Answer asked={asked}>
        {({ total }) => (
          <>
            <p role="status" className="muted">
              {total === 0 ? (isAll ? "No errors and no warnings." : "Nothing like that was found.") : plural(total, "finding")}
            </p>
            <Rows
              key={JSON.stringify(chosen)}
              report={report}
              parameters={parameters(chosen, group)}
              total={total}
              group={group}
            />
          </>
        )}
      </Answer>
    </section>
  );
}

function SaveFindings({ id, parameters, total }: { id: string; parameters: string; total: number }) {
  const findings = async (offset: number, signal: AbortSignal) => {
    const address = `reports/${encodeURIComponent(id)}/findings?${parameters}&offset=${offset}&limit=${PAGE}`;
    return (await ask<ReportFindings>(address, signal)).findings;
  };
  return (
    <p>
      <CsvButton key={parameters} name={`findings ${id}`} total={total} rows={findings} table={findingsTable} />
    </p>
  );
}

const findingsTable = (findings: readonly ReportFinding[]): FileTable => ({
  columns: [
    "severity",
    "check",
    "entity",
    "dataset",
    "run",
    "message",
    "found",
    "wanted",
    "key",
    "path",
    "line",
    "byte",
    "change",
  ],
  rows: findings.map(({ severity, check, entity, dataset, run, message, found, wanted, key, path, line, byte, change }) => [
    ...[severity, check, entity, dataset, run, message, found, wanted, key, path, line, byte, change],
  ]),
});

const CHANGES: readonly (readonly [FindingChange, string])[] = [
  ["new", "new"],
  ["gone", "gone"],
  ["same", "unchanged"],
];

function parameters({ severity, check, change, q }: Chosen, group: string): string {
  const known = Object.entries({ severity, check, change, q, group }).filter(([, value]) => value !== undefined);
  return new URLSearchParams(known as [string, string][]).toString();
}

interface RowsProps {
  readonly report: ReportFacts;
  readonly parameters: string;
  readonly total: number;
  readonly group: string;
}

/** The findings that are in sight. */
function Rows({ report, parameters, total, group }: RowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => setMargin((list.current?.getBoundingClientRect().top ?? 0) + scrollY), []);
  const virtual = useWindowVirtualizer({ count: total, estimateSize: () => ROW, overscan: 6, scrollMargin: margin });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  const from = Math.floor(first / PAGE);
  const pages = last < first ? [] : Array.from({ length: Math.floor(last / PAGE) - from + 1 }, (_, at) => from + at);
  const asked = useQueries({ queries: pages.map((page) => reportFindings(report.id, parameters, page * PAGE)) });
  const failed = asked.find(({ error }) => error !== null);
  const rowAt = (index: number) =>
    (asked[Math.floor(index / PAGE) - from]?.data as ReportFindings | undefined)?.findings[index % PAGE];

  const [current, setCurrent] = useState(0);
  const wanted = useRef(false);
  useEffect(() => {
    const row = wanted.current && list.current?.querySelector<HTMLElement>(`[data-row="${current}"]`);
    if (!row) return;
    row.focus({ preventScroll: true });
    wanted.current = false;
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).dataset.row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = letterKeys.get() ? event.key.toLowerCase() : "";
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -total, End: total }[event.key] ?? { j: 1, k: -1 }[letter];
    if (step === undefined) return;
    const next = Math.min(Math.max(current + step, 0), total - 1);
    wanted.current = true;
    setCurrent(next);
    virtual.scrollToIndex(next, { align: Math.abs(step) > 1 ? "center" : "auto" });
    event.preventDefault();
  };
  // rows lie one below the other, however high they are before they are measured
  const before = (items[0]?.start ?? margin) - margin;
  const after = virtual.getTotalSize() + margin - (items.at(-1)?.end ?? margin);
  const tabbed = current >= first && current <= last ? current : first;
  return (
    <>
      {failed && <ErrorPanel error={failed.error} again={() => void failed.refetch()} />}
      {total > 0 && <SaveFindings id={report.id} parameters={parameters} total={total} />}
      <ul ref={list} className="findings" style={{ paddingTop: before, paddingBottom: after }} onKeyDown={onKeyDown}>
        {items.map(({ index }) => (
          <li
            key={index}
            ref={virtual.measureElement}
            data-index={index}
            data-row={index}
            tabIndex={index === tabbed ? 0 : -1}
            aria-setsize={total}
            aria-posinset={index + 1}
            onFocus={() => setCurrent(index)}
          >
            <Finding report={report} finding={rowAt(index)} group={group} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Finding({ report, finding, group }: { report: ReportFacts; finding: ReportFinding | undefined; group: string }) {
  if (!finding) return <div className="waits" />;
  const { check, severity, entity, run, dataset, found, wanted, explanation, sources, change, isUndecided, heads, size } =
    finding;
  const statement = group === "check" && report.checks.find(({ id }) => id === check)?.statement;
  return (
    <>
      {heads !== undefined && (
        <h2>
          {heads} <small>{plural(size ?? 1, "finding")}</small>
        </h2>
      )}
      {heads !== undefined && statement && <p className="muted">Wanted: {statement}.</p>}
      <p>
        <span className={severity === "fail" ? "bad" : "warn"}>{severity === "fail" ? "✕ error" : "⚠ warning"}</span>{" "}
        {group !== "check" && <code>{check}</code>} <strong>{entity}</strong>
        {run && !entity.includes(run) && ` of ${run}`}
        {dataset && <span className="muted"> · dataset {dataset}</span>}
        {change === "new" && <span className="mark">new</span>}
        {change === "gone" && <span className="mark">{isUndecided ? "gone: the check could not be decided now" : "gone"}</span>}
      </p>
      <p>
        {found}, <span className="muted">wanted:</span> {wanted}
      </p>
      {sources && (
        <ul className="sources row wrap" aria-label="What each source says">
          {sources.map(({ who, angstrom: value, isOdd }) => (
            <li key={`${who} ${value}`} className={isOdd ? "bad" : undefined}>
              {isOdd && "✕ "}
              {who} <strong>{angstrom(value)}</strong>
              {isOdd && " odd one out"}
            </li>
          ))}
        </ul>
      )}
      {explanation && <p className="muted">{explanation}</p>}
      <p className="row wrap">
        <code>{placeText(finding)}</code>
        <Ways report={report} finding={finding} />
      </p>
    </>
  );
}

/** Place of a finding as the program prints it: `10401/…/tomogram_metadata.json size.z`, `… byte 88`, `…:12`. */
function placeText({ key, path, byte, line }: ReportFinding): string {
  const at = line === undefined ? key : `${key}:${line}`;
  return path !== undefined ? `${at} ${path}` : byte === undefined ? at : `${at} byte ${byte}`;
}

function Ways({ report: { place }, finding: { file, isVolume, runId, run } }: { report: ReportFacts; finding: ReportFinding }) {
  const folder = file?.split("/").slice(0, -1).join("/");
  return (
    <>
      {file !== undefined && isVolume && <AppLink to={`/${viewAddress(place, file)}`}>Open in viewer</AppLink>}
      {file !== undefined && folder !== undefined && (
        <AppLink to={`${addressOfKey("/browse", place, folder)}${isVolume ? `?header=${encodeURIComponent(file)}` : ""}`}>
          Show file
        </AppLink>
      )}
      {runId !== undefined && (
        <Link to="/runs/$id" params={{ id: String(runId) }}>
          Run {run}
        </Link>
      )}
    </>
  );
}

/**
 * Checks that passed and those that could not be decided: two folded lists, since neither needs attention unless somebody asks.
 */
function Passed({ report: { checks, skipped, counts } }: { report: ReportFacts }) {
  const passed = checks.filter((check) => check.passed > 0 && check.failed + check.warned === 0);
  return (
    <section aria-label="Other checks">
      {skipped.length > 0 && (
        <details>
          <summary>? {count(counts.skipped)} not decided</summary>
          <ul>
            {skipped.map(({ check, reason, count: n, entities }) => (
              <li key={`${check} ${reason} ${entities[0]}`}>
                <code>{check}</code> {reason}{" "}
                <span className="muted">
                  {entities.join(", ")}
                  {n > entities.length && `, ${plural(n, "time")} in all`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>✓ {plural(counts.passed, "check")} passed</summary>
        <ul>
          {passed.map(({ id, statement, passed: n }) => (
            <li key={id}>
              <code>{id}</code> {statement} <span className="muted">{plural(n, "time")}</span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
