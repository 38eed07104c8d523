import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Overlap } from "../../src/model/page-api.js";
import { CuratePage } from "../kept/curate-nav.js";
import { Scrolled } from "../kept/kept.js";
import { ask } from "../parts/api.js";
import { CsvButton } from "../parts/csv-button.js";
import { count } from "../parts/format.js";
import { useCommand } from "../parts/page.js";
import type { FileTable } from "../parts/save.js";
import { Answer, Empty } from "../parts/states.js";

const COMMANDS = {
  species: "emporium curate match DRIVE --author NAME",
  label: "emporium curate labels DRIVE --matches matching_runs.csv",
} as const;
const WORDS = {
  species: "Folders that are runs of the portal, by drive and species. A number opens its rows.",
  label: "Counted models by drive and label. A number opens the rows of the runs that have one.",
} as const;

/** The overlap of an archive and a portal, as a table whose cells are the darker the more there is. */
export function CurateOverlap() {
  const { by: wanted, set } = useSearch({ from: "/curate/overlap" });
  const by = wanted === "label" ? "label" : "species";
  const navigate = useNavigate();
  const query = new URLSearchParams({
    by,
    ...(set === undefined ? {} : { [by === "label" ? "labels" : "set"]: set }),
  }).toString();
  const asked = useQuery({
    queryKey: ["overlap", query],
    queryFn: ({ signal }) => ask<Overlap>(`curate/overlap?${query}`, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  useCommand({ line: COMMANDS[by], ask: `curate/overlap?${query}` });
  return (
    <CuratePage title="Overlap">
      <fieldset className="choice" style={{ marginBottom: 8 }}>
        <legend className="hidden">Columns</legend>
        {(["species", "label"] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={by === one}
            onClick={() => void navigate({ to: "/curate/overlap", search: { by: one } })}
          >
            drive × {one}
          </button>
        ))}
      </fieldset>
      {set !== undefined && (
        <p>
          <button
            type="button"
            onClick={() => void navigate({ to: "/curate/overlap", search: { by } })}
            title="Take this filter away: the newest result"
          >
            result {set} ×
          </button>
        </p>
      )}
      <Answer asked={asked}>
        {(overlap) =>
          overlap.cells.length === 0 ? (
            <Empty command={COMMANDS[overlap.by]}>
              {overlap.id === undefined
                ? "Nothing is counted yet. This command fills the table; serve has to run with the same --workspace."
                : "Nothing fits: the last result has no counted folder or model."}
            </Empty>
          ) : (
            <>
              <p className="muted">{WORDS[overlap.by]}</p>
              <HeatMap overlap={overlap} />
              <CsvButton
                name={`overlap by ${overlap.by}`}
                total={overlap.cells.length}
                rows={overlap.cells}
                table={(cells) => cellsTable(overlap.by, cells)}
              />
            </>
          )
        }
      </Answer>
    </CuratePage>
  );
}

const cellsTable = (by: Overlap["by"], cells: Overlap["cells"]): FileTable => ({
  columns: ["drive", by, "count"],
  rows: cells.map((cell) => [cell.drive, cell.column, cell.count]),
});

function HeatMap({ overlap: { by, id, cells } }: { overlap: Overlap }) {
  const sum = (fits: (cell: Overlap["cells"][number]) => boolean) =>
    cells.reduce((all, cell) => (fits(cell) ? all + cell.count : all), 0);
  const drives = [...new Set(cells.map(({ drive }) => drive))].sort();
  const totals = new Map(
    [...new Set(cells.map(({ column }) => column))].map((name) => [name, sum(({ column }) => column === name)]),
  );
  const columns = [...totals.keys()].sort((a, b) => totals.get(b)! - totals.get(a)! || (a < b ? -1 : 1));
  const numbers = new Map(cells.map((cell) => [JSON.stringify([cell.drive, cell.column]), cell.count]));
  const most = Math.max(...cells.map((cell) => cell.count));
  const search = (drive: string | undefined, column: string | undefined) => ({
    ...(by === "species" ? { set: id, species: column } : { labels: id, label: column }),
    drive,
    status: "taken" as const,
  });
  return (
    <Scrolled label={`Drives by ${by}`}>
      <table id="overlap">
        <thead>
          <tr>
            <th scope="col">Drive</th>
            {columns.map((column) => (
              <th key={column} scope="col" className="number">
                {column || "(none)"}
              </th>
            ))}
            <th scope="col" className="number">
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          {drives.map((drive) => (
            <tr key={drive}>
              <th scope="row">{drive || "(no path)"}</th>
              {columns.map((column) => {
                const n = numbers.get(JSON.stringify([drive, column])) ?? 0;
                return (
                  <td key={column} className="number" style={{ background: shade(n / most), forcedColorAdjust: "auto" }}>
                    {n === 0 ? (
                      <span title="none">·</span>
                    ) : (
                      <Link to="/curate/matches" search={search(drive, column)} style={{ color: "inherit" }}>
                        {count(n)}
                      </Link>
                    )}
                  </td>
                );
              })}
              <td className="number">
                <strong>{count(sum((cell) => cell.drive === drive))}</strong>
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            {columns.map((column) => (
              <td key={column} className="number">
                <strong>{count(totals.get(column))}</strong>
              </td>
            ))}
            <td className="number">
              <strong>{count(sum(() => true))}</strong>
            </td>
          </tr>
        </tfoot>
      </table>
    </Scrolled>
  );
}

/** One hue; zero is a row's own colour. Half of it at most, so that numbers stay readable in both themes. */
const shade = (part: number): string =>
  part === 0 ? "var(--row)" : `color-mix(in oklab, var(--accent) ${Math.round(6 + 44 * Math.sqrt(part))}%, var(--bg))`;
