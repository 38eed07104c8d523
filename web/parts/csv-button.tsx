import { Download } from "lucide-react";
import { useRef, useState } from "react";
import { count } from "./format.js";
import type { FileTable, RowsFrom } from "./save.js";
import { apiErrorOf } from "./states.js";

interface Props<Row> {
  /** Name of the file, without its ending. */
  readonly name: string;
  /** Number of all rows. */
  readonly total: number;
  /** All of them, or what gives them page by page. */
  readonly rows: readonly Row[] | RowsFrom<Row>;
  table(rows: readonly Row[]): FileTable;
}

/** Saves all rows of a table as CSV, those that the page has not loaded as well. */
export function CsvButton<Row>({ name, total, rows, table }: Props<Row>) {
  const [done, setDone] = useState<number>();
  const [note, setNote] = useState<string>();
  const [error, setError] = useState<unknown>();
  const stop = useRef<AbortController>(undefined);
  const saveAll = async () => {
    stop.current = new AbortController();
    setError(undefined);
    setNote(undefined);
    setDone(0);
    try {
      const { allRows, csvOf, saveFile } = await import("./save.js");
      const found = typeof rows === "function" ? await allRows(rows, total, stop.current.signal, setDone) : rows;
      saveFile(csvOf(table(found)), `${name}.csv`, "text/csv");
      if (found.length < total) setNote(`⚠ The file has ${count(found.length)} of ${count(total)} rows.`);
    } catch (cause) {
      if (!stop.current.signal.aborted) setError(cause);
    } finally {
      setDone(undefined);
    }
  };
  return (
    <>
      {done === undefined ? (
        <button type="button" className="bare" title="Save all rows as CSV" onClick={() => void saveAll()}>
          <Download size={16} aria-hidden /> CSV
        </button>
      ) : (
        <span role="status">
          {count(done)} of {count(total)}{" "}
          <button type="button" onClick={() => stop.current?.abort()}>
            Stop
          </button>
        </span>
      )}
      {note && (
        <span className="warn" role="status">
          {note}
        </span>
      )}
      {error !== undefined && (
        <span className="bad" role="alert">
          ✕ {apiErrorOf(error).message}
        </span>
      )}
    </>
  );
}
