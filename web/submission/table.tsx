import { type KeyboardEvent, useRef, useState } from "react";
import type { SubmissionAccount } from "../../src/model/page-api.js";
import { Scrolled } from "../kept/kept.js";
import { ABSENT, count, plural } from "../parts/format.js";
import type { PartProps } from "./saying.js";

/** Runs that are shown at once. */
const ROWS = 100;

/** Runs × kinds: how many files of each kind a run has. Each number opens its files. */
export function Table({ account, show }: PartProps) {
  const { kinds, runs, ofAllRuns } = account;
  const [from, setFrom] = useState(0);
  const [isOdd, setIsOdd] = useState(false);
  const usual = kinds.map((_, at) => usualOf(runs, at));
  const differs = ({ counts }: (typeof runs)[number]) => counts.some((n, at) => n !== usual[at]);
  const odd = runs.filter(differs).length;
  const wanted = isOdd ? runs.filter(differs) : runs;
  const start = Math.min(from, Math.max(0, Math.floor((wanted.length - 1) / ROWS) * ROWS));
  const rows = wanted.slice(start, start + ROWS);
  const grid = useCells(rows.length + (ofAllRuns.some((n) => n > 0) ? 2 : 1), kinds.length + 1);
  const total = (at: number) => runs.reduce((sum, { counts }) => sum + counts[at]!, ofAllRuns[at]!);
  return (
    <section aria-label="Runs and kinds">
      <h2>Runs and kinds</h2>
      <p className="row wrap">
        <span>{plural(runs.length, "run")}</span>
        {odd > 0 && (
          <button type="button" aria-pressed={isOdd} onClick={() => setIsOdd(!isOdd)}>
            ⚠ {count(odd)} {odd === 1 ? "differs" : "differ"} from the others
          </button>
        )}
        {wanted.length > ROWS && (
          <>
            {count(start + 1)} to {count(start + rows.length)}
            <button type="button" disabled={start === 0} onClick={() => setFrom(start - ROWS)}>
              Earlier
            </button>
            <button type="button" disabled={start + ROWS >= wanted.length} onClick={() => setFrom(start + ROWS)}>
              Later
            </button>
          </>
        )}
      </p>
      <Scrolled label="Files of each run, by kind">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: arrows go from cell to cell */}
        <table id="kinds" role="grid" aria-label="Files of each run, by kind" {...grid.table}>
          <thead>
            <tr>
              <th scope="col">Run</th>
              {kinds.map((kind, at) => (
                <th key={kind} scope="col" className="number">
                  <button type="button" className="bare" {...grid.cell(0, at + 1)} onClick={() => show({ is: kind })}>
                    {kind} <span className="muted">{count(total(at))}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ run, counts }, row) => (
              <Row key={run} name={run} run={run} counts={counts} row={row + 1} usual={usual} {...{ kinds, show, grid }} />
            ))}
            {ofAllRuns.some((n) => n > 0) && (
              <Row
                name="of no single run"
                run=""
                counts={ofAllRuns}
                row={rows.length + 1}
                usual={ofAllRuns}
                {...{ kinds, show, grid }}
              />
            )}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

interface RowProps extends Pick<PartProps, "show">, Pick<SubmissionAccount, "kinds"> {
  readonly name: string;
  /** Empty: files of no single run. */
  readonly run: string;
  readonly counts: readonly number[];
  readonly row: number;
  readonly usual: readonly number[];
  readonly grid: ReturnType<typeof useCells>;
}

function Row({ name, run, counts, row, usual, kinds, show, grid }: RowProps) {
  return (
    <tr>
      <th scope="row">
        <button type="button" className="bare" {...grid.cell(row, 0)} onClick={() => show({ run })}>
          {name}
        </button>
      </th>
      {counts.map((n, at) => (
        <td key={kinds[at]} className="number">
          <button
            type="button"
            className="bare"
            {...grid.cell(row, at + 1)}
            aria-label={`${name}, ${kinds[at]}: ${plural(n, "file")}${n === usual[at] ? "" : `, others have ${usual[at]}`}`}
            onClick={() => show(n === 0 ? { run } : { run, is: kinds[at] })}
          >
            {n !== usual[at] && <span className="warn">⚠ </span>}
            {n === 0 ? ABSENT : count(n)}
          </button>
        </td>
      ))}
    </tr>
  );
}

/** The number of files that most runs have of a kind. */
function usualOf(runs: SubmissionAccount["runs"], at: number): number {
  const times = new Map<number, number>();
  for (const { counts } of runs) times.set(counts[at]!, (times.get(counts[at]!) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

/** One stop of Tab for the whole table; arrows, Home and End go from cell to cell. */
function useCells(rows: number, columns: number) {
  const [[row, column], setAt] = useState<readonly [number, number]>([0, 1]);
  const table = useRef<HTMLTableElement>(null);
  const current = [Math.min(row, rows - 1), Math.min(column, columns - 1)] as const;
  const onKeyDown = (event: KeyboardEvent) => {
    const [down, right] = current;
    const to = {
      ArrowDown: [down + 1, right],
      ArrowUp: [down - 1, right],
      ArrowRight: [down, right + 1],
      ArrowLeft: [down, right - 1],
      Home: [down, 0],
      End: [down, columns - 1],
    }[event.key] as [number, number] | undefined;
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = table.current?.querySelector<HTMLElement>(`[data-cell="${to[0]} ${to[1]}"]`);
    if (!cell) return;
    event.preventDefault();
    setAt(to);
    cell.focus();
  };
  return {
    table: { ref: table, onKeyDown },
    cell: (at: number, of: number) => ({
      "data-cell": `${at} ${of}`,
      tabIndex: at === current[0] && of === current[1] ? 0 : -1,
      onFocus: () => setAt([at, of]),
    }),
  };
}
