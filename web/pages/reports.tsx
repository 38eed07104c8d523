import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { quoteWords } from "../../src/core/shell.js";
import type { PlaceFacts, ReportList, ReportSummary } from "../../src/model/page-api.js";
import { CsvButton } from "../parts/csv-button.js";
import { count, moment, plural } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { reportsQuery, useServer } from "../parts/queries.js";
import type { FileTable } from "../parts/save.js";
import { Answer, Empty } from "../parts/states.js";

/** Reports of `ingest validate` on what is served. */
export function Reports() {
  useCrumbs({ label: "Validation" });
  useCommand({ ask: "reports" });
  const asked = useQuery(reportsQuery);
  const places = useServer().data?.places ?? [];
  return (
    <div className="page">
      <h1>Validation</h1>
      <Answer asked={asked}>{(list) => <Kept list={list} places={places} />}</Answer>
    </div>
  );
}

function Kept({ list: { reports, elsewhere, unreadable }, places }: { list: ReportList; places: readonly PlaceFacts[] }) {
  return (
    <>
      {reports.length === 0 ? (
        <Empty command={commandFor(places)}>
          There is no report on what is served here. This command makes one, and keeps it where this page finds it: run it in the
          folder where emporium serve was started, or with the same --workspace.
        </Empty>
      ) : (
        <>
          <div className="scroll">
            <table className="phone-cards">
              <thead>
                <tr>
                  {["Report", "Of", "Errors", "Warnings", "Not decided", "Passed"].map((name, at) => (
                    <th key={name} scope="col" className={at > 1 ? "number" : undefined}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {reports.map(({ id, at, name, folder, suite, isPart, config, counts }) => (
                  <tr key={id}>
                    <td>
                      <Link to="/reports/$id" params={{ id }}>
                        {moment(at)}
                      </Link>
                    </td>
                    <td>
                      {[name, folder].filter(Boolean).join("/")}
                      <small>
                        {suite === "source" && " sources"}
                        {config && ` with ${config}`}
                        {isPart && " · a part"}
                      </small>
                    </td>
                    <td data-label="errors" className={counts.failed > 0 ? "number bad" : "number"}>
                      {counts.failed > 0 && "✕ "}
                      {count(counts.failed)}
                    </td>
                    <td data-label="warnings" className={counts.warned > 0 ? "number warn" : "number"}>
                      {counts.warned > 0 && "⚠ "}
                      {count(counts.warned)}
                    </td>
                    <td className="number detail">{count(counts.skipped)}</td>
                    <td className="number detail">{count(counts.passed)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <CsvButton name="reports" total={reports.length} rows={reports} table={reportsTable} />
        </>
      )}
      {elsewhere > 0 && (
        <p className="muted">
          The workspace has {plural(elsewhere, "report")} on other locations: they are shown where those are served.
        </p>
      )}
      {unreadable > 0 && <p className="warn">⚠ {plural(unreadable, "file")} of the workspace's reports cannot be read.</p>}
    </>
  );
}

const reportsTable = (reports: readonly ReportSummary[]): FileTable => ({
  columns: ["report", "at", "place", "folder", "suite", "config", "is_part", "failed", "warned", "skipped", "passed", "findings"],
  rows: reports.map(({ id, at, name, folder, suite, config, isPart, counts, findings }) => [
    ...[id, at, name, folder, suite, config, isPart],
    ...[counts.failed, counts.warned, counts.skipped, counts.passed, findings],
  ]),
});

/** A place is named as on the command line of the server, as far as the page knows. */
function commandFor(places: readonly PlaceFacts[]): string {
  const tree = places.find(({ kind }) => kind === "tree");
  if (tree || places.length === 0) {
    return tree
      ? quoteWords(["emporium", "ingest", "validate", "standardized", tree.name])
      : "emporium ingest validate standardized TREE";
  }
  return `emporium ingest validate source CONFIG.yaml ${quoteWords([places[0]!.name])}`;
}
