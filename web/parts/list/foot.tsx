import { Download } from "lucide-react";
import { type ComponentProps, lazy, Suspense, useRef, useState } from "react";
import { CopyButton } from "../copy.js";
import type { Wanted } from "../download-text.js";
import { count } from "../format.js";
import { useCommand } from "../page.js";
import { ErrorPanel } from "../states.js";
import type { ListSpec } from "./spec.js";
import type { ListState } from "./state.js";

const DownloadDialog = lazy(() => import("../download.js").then(({ DownloadDialog: part }) => ({ default: part })));

const SaveSearch = lazy(() => import("../../saved/search-dialog.js"));

/** Rows of one question for a file. */
const BATCH = 200;

/** Takes the list along: all of it, or what is selected. */
export function ListFoot<Row extends { readonly id: number }>({
  spec,
  state,
  total,
  selected,
  clear,
}: {
  spec: ListSpec<Row>;
  state: ListState;
  total: number;
  selected: ReadonlyMap<number, Row>;
  clear: () => void;
}) {
  const [done, setDone] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [short, setShort] = useState<string>();
  const [wanted, setWanted] = useState<Wanted>();
  const stop = useRef<AbortController>(undefined);
  const where = selected.size > 0 ? { id: { _in: [...selected.keys()] } } : state.where;
  const variables = { where, orderBy: state.orderBy, limit: Math.min(total, BATCH), offset: 0 };
  const rows = selected.size || total;
  useCommand(rows === 0 ? undefined : { catalogue: { of: spec.of, query: spec.query, variables, rows } });
  const download = async (kind: "csv" | "json") => {
    stop.current = new AbortController();
    setError(undefined);
    setShort(undefined);
    try {
      setDone(0);
      const { saveList } = await import("./save-list.js");
      setShort(await saveList(kind, { spec, state, total, selected }, stop.current.signal, setDone));
    } catch (cause) {
      if (!stop.current.signal.aborted) setError(cause);
    } finally {
      setDone(undefined);
    }
  };
  const wantFiles = async () => {
    stop.current = new AbortController();
    setError(undefined);
    await spec.wanted!([...selected.values()], stop.current.signal).then(setWanted, setError);
  };
  if (total === 0) return null;
  return (
    <div className="row wrap list-foot">
      {selected.size > 0 && (
        <span className="row">
          {count(selected.size)} selected{" "}
          {spec.wanted && (
            <button type="button" onClick={() => void wantFiles()}>
              <Download size={16} aria-hidden /> Download files
            </button>
          )}
          <button type="button" className="bare" onClick={clear}>
            Clear selection
          </button>
        </span>
      )}
      {done === undefined ? (
        <span className="row">
          Download {selected.size > 0 ? "selection" : "list"}:{" "}
          <button type="button" className="bare" onClick={() => void download("csv")}>
            CSV
          </button>
          <button type="button" className="bare" onClick={() => void download("json")}>
            JSON
          </button>
          <CopyButton text={JSON.stringify({ query: spec.query, variables })} label="Copy query" bare />
        </span>
      ) : (
        <span role="status">
          {count(done)} of {count(total)}{" "}
          <button type="button" onClick={() => stop.current?.abort()}>
            Stop
          </button>
        </span>
      )}
      <SearchSaver spec={spec} state={state} />
      {short && (
        <span className="warn" role="status">
          {short}
        </span>
      )}
      {error !== undefined && <ErrorPanel error={error} />}
      {wanted && (
        <Suspense>
          <DownloadDialog wanted={wanted} close={() => setWanted(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

/** Gives a name to what is chosen. */
function SearchSaver(of: Omit<ComponentProps<typeof SaveSearch>, "close">) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="bare" onClick={() => setOpen(true)}>
        Save this search
      </button>
      {isOpen && (
        <Suspense>
          <SaveSearch {...of} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
