import { useQuery } from "@tanstack/react-query";
import type { JsonObject } from "../../src/core/json.js";
import type { LedgerBatches } from "../../src/model/page-api.js";
import { CuratePage } from "../kept/curate-nav.js";
import { Scrolled } from "../kept/kept.js";
import { ask } from "../parts/api.js";
import { CsvButton } from "../parts/csv-button.js";
import { ABSENT, count, moment } from "../parts/format.js";
import { useCommand } from "../parts/page.js";
import type { FileTable } from "../parts/save.js";
import { Answer, Empty } from "../parts/states.js";

const COLLECT = "emporium curate collect DRIVE --matches matching_runs.csv --label LABEL --dest BATCH";

/** The ledger: what was collected, submitted, accepted, and when. */
export function CurateBatches() {
  useCommand({ line: "emporium curate batches list --history", ask: "curate/batches" });
  const asked = useQuery({
    queryKey: ["batches"],
    queryFn: ({ signal }) => ask<LedgerBatches>("curate/batches", signal),
    staleTime: 0,
  });
  return (
    <CuratePage title="Batches">
      <Answer asked={asked}>
        {({ batches }) =>
          batches.length === 0 ? (
            <Empty command={COLLECT}>
              No batches. The ledger of this server's workspace is empty; this command collects one. A shared ledger (--ledger) is
              shown by emporium curate batches list alone.
            </Empty>
          ) : (
            <>
              <Scrolled label="Batches">
                <table id="batches" className="phone-cards">
                  <thead>
                    <tr>
                      <th scope="col">Batch</th>
                      <th scope="col">State</th>
                      <th scope="col">Since</th>
                      <th scope="col">Label</th>
                      <th scope="col">Drives</th>
                      <th scope="col" className="number">
                        Files
                      </th>
                      <th scope="col" className="number">
                        Runs
                      </th>
                      <th scope="col">Recipient</th>
                      <th scope="col">History</th>
                    </tr>
                  </thead>
                  <tbody>
                    {batches.map((batch) => (
                      <Row key={textOf(batch.id)} batch={batch} />
                    ))}
                  </tbody>
                </table>
              </Scrolled>
              <CsvButton name="batches" total={batches.length} rows={batches} table={batchesTable} />
            </>
          )
        }
      </Answer>
    </CuratePage>
  );
}

/** A line for each step of a batch's history: the last is its state now. */
const batchesTable = (batches: readonly JsonObject[]): FileTable => ({
  columns: ["batch", "state", "label", "drives", "n_files", "n_runs", "recipient", "step", "step_at", "step_state", "step_note"],
  rows: batches.flatMap((batch) => {
    const own = [batch.id, batch.state, batch.label, batch.drives, batch.n_files, batch.n_runs, batch.recipient].map(textOf);
    return (batch.history as readonly JsonObject[]).map((line, at) => [
      ...own,
      ...[at + 1, textOf(line.at), textOf(line.state), textOf(line.note)],
    ]);
  }),
});

function Row({ batch }: { batch: JsonObject }) {
  const state = textOf(batch.state);
  const since = (batch.dates as Record<string, string> | undefined)?.[state];
  const history = batch.history as readonly JsonObject[];
  return (
    <tr>
      <th scope="row">{textOf(batch.id)}</th>
      <td className={state === "rejected" ? "bad" : undefined}>
        {state === "rejected" ? "✕ " : state === "accepted" || state === "published" ? "✓ " : ""}
        {state}
      </td>
      <td>{since ? moment(since) : ABSENT}</td>
      <td className="detail">{textOf(batch.label) || ABSENT}</td>
      <td className="detail">{textOf(batch.drives) || ABSENT}</td>
      <td className="number detail">{count(batch.n_files as number | undefined)}</td>
      <td className="number detail">{count(batch.n_runs as number | undefined)}</td>
      <td className="detail">{textOf(batch.recipient) || ABSENT}</td>
      <td className="why">
        <details>
          <summary>
            <span>{history.length === 1 ? "1 line" : `${history.length} lines`}</span>
          </summary>
          <ol>
            {history.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added
              <li key={at}>
                {moment(textOf(line.at))} {textOf(line.state) || "noted"}
                {line.note ? `: ${textOf(line.note)}` : ""}
              </li>
            ))}
          </ol>
        </details>
      </td>
    </tr>
  );
}

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.map(String).join(", ") : value === undefined || value === null ? "" : String(value);
