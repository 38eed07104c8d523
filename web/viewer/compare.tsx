import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useId, useState } from "react";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { AnswerError, askCatalogue } from "../parts/api.js";
import { notify } from "../parts/page.js";
import { useServer } from "../parts/queries.js";
import { ErrorPanel } from "../parts/states.js";
import { tomogramsOfRunsQuery } from "../queries/generated.js";
import { defaultContrast } from "./contrast.js";
import { refIn } from "./link.js";
import { type Beside, shareLayers, titleOf, tomogramId, useBeside } from "./of-run.js";
import type { PlaneSource } from "./planes.js";
import { openServed } from "./served.js";
import type { Session } from "./session.js";
import { COMPARE_WAYS, type CompareWay, type Layout } from "./state.js";
import { useOf } from "./use-of.js";

/** Milliseconds for which each volume is seen while two blink: slower than anything that flashes. */
const BLINK_MS = 800;

/** Opens the volume that is put beside the first one, while two are compared. */
export function useSecond(session: Session, layout: Layout): PlaneSource | undefined {
  const other = useOf(session.state, (state) => state.other);
  const second = session.second.use();
  const queries = useQueryClient();
  useEffect(() => {
    if (layout !== "compare" || !other) return;
    const stop = new AbortController();
    Promise.all([openServed(other, stop.signal), shareLayers(queries, session.facts.ref, other)]).then(
      ([source, isOfRun]) => {
        const sharesLayers = isOfRun ?? folderOf(source.facts) === folderOf(session.facts);
        session.update((state) => ({ ...state, otherContrast: state.otherContrast ?? defaultContrast(source.facts) }));
        session.second.set({ source, isOver: false, sharesLayers });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) notify(error instanceof AnswerError ? error.message : "The second volume does not open.");
      },
    );
    return () => {
      stop.abort();
      session.second.get()?.source.close();
      session.second.set(undefined);
      session.activePane.set("z");
    };
  }, [session, queries, layout, other]);
  return second?.source;
}

const folderOf = ({ place, key }: VolumeFacts): string => `${place}/${key.slice(0, key.lastIndexOf("/") + 1)}`;

/** Shows the other one of two volumes that blink. Contrast and keys are for the one that is seen. */
export function seeOther(session: Session): void {
  const second = session.second.get();
  if (!second) return;
  session.second.set({ ...second, isOver: !second.isOver });
  session.activePane.set(second.isOver ? "z" : "z2");
}

/** Which volume is shown beside this one, and how both are compared. */
export function BesideChoice({ session }: { session: Session }) {
  const other = useOf(session.state, (state) => state.other);
  const { data, error, refetch } = useBeside(session.facts);
  const [isAny, setAny] = useState(false);
  const set = (ref: string) => session.update((state) => ({ ...state, other: ref || undefined, otherContrast: undefined }));
  if (error) return <ErrorPanel error={error} again={() => void refetch()} />;
  const isElsewhere = other !== undefined && data !== undefined && !data.some(({ ref }) => ref === other);
  return (
    <div className="v-beside row">
      {data !== undefined && data.length > 0 && !isAny && !isElsewhere && (
        <label>
          Compare with{" "}
          <select value={other ?? ""} onChange={({ target }) => set(target.value)}>
            <option value="">choose a volume</option>
            {data.map(({ ref, title }) => (
              <option key={ref} value={ref}>
                {title}
              </option>
            ))}
          </select>
        </label>
      )}
      {(isAny || isElsewhere || data?.length === 0) && <AnyVolume session={session} take={set} />}
      {data !== undefined && data.length > 0 && (
        <button
          type="button"
          onClick={() => {
            setAny(!(isAny || isElsewhere));
            if (isElsewhere) set("");
          }}
        >
          {isAny || isElsewhere ? "Beside this one" : "Another volume"}
        </button>
      )}
      {other !== undefined && <Ways session={session} />}
    </div>
  );
}

/** Any volume: by the name of its run, or by the address of its page. */
function AnyVolume({ session, take }: { session: Session; take: (ref: string) => void }) {
  const { facts } = session;
  const [text, setText] = useState("");
  const list = useId();
  const typed = useDeferredValue(text.trim());
  const hasRuns = useServer().data?.catalogue !== undefined;
  const isName = typed.length > 1 && refIn(typed) === undefined;
  const { data = [], isFetched } = useQuery({
    queryKey: ["view", facts.ref, "of runs", typed],
    enabled: hasRuns && isName,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<readonly Beside[]> => {
      const name = `%${typed.replace(/[\\%_]/g, "\\$&")}%`;
      const { tomograms } = await askCatalogue(tomogramsOfRunsQuery, { name, not: tomogramId(facts.ref) ?? 0 }, signal);
      return tomograms.map((one) => ({
        ref: `tomogram:${one.id}`,
        title: `${one.run?.name ?? ""} · ${titleOf(one)} · dataset ${one.run?.datasetId ?? ""}`,
      }));
    },
  });
  const choose = (value: string) => {
    setText(value);
    const found = data.find(({ title }) => title === value)?.ref ?? refIn(value);
    if (found !== undefined) take(found);
  };
  const what = hasRuns ? "name of a run, or address of a page" : "address of a page";
  return (
    <label>
      Compare with{" "}
      <input
        type="search"
        size={36}
        list={list}
        maxLength={2000}
        placeholder={session.second.use()?.source.facts.title ?? what}
        value={text}
        onChange={({ target }) => choose(target.value)}
      />
      <datalist id={list}>
        {data.map(({ ref, title }) => (
          <option key={ref} value={title} />
        ))}
      </datalist>
      {isName && data.length === 0 && (isFetched || !hasRuns) && (
        <span role="status">{hasRuns ? "No run with a tomogram is called so." : "That is no address of a volume's page."}</span>
      )}
    </label>
  );
}

function Ways({ session }: { session: Session }) {
  const way = useOf(session.state, (state) => state.way);
  const [isBlinking, setBlinking] = useState(() => !matchMedia("(prefers-reduced-motion: reduce)").matches);
  const blinks = way === "blink" && isBlinking;
  useEffect(() => {
    if (!blinks) return;
    const timer = setInterval(() => seeOther(session), BLINK_MS);
    return () => clearInterval(timer);
  }, [session, blinks]);
  const set = (next: CompareWay | undefined) => {
    const second = session.second.get();
    if (second?.isOver) seeOther(session);
    session.update((state) => ({ ...state, way: next }));
  };
  return (
    <>
      <fieldset className="choice">
        <legend className="hidden">How they are compared</legend>
        <button type="button" aria-pressed={way === undefined} onClick={() => set(undefined)}>
          side by side
        </button>
        {COMPARE_WAYS.map((one) => (
          <button key={one} type="button" aria-pressed={way === one} onClick={() => set(one)}>
            {one}
          </button>
        ))}
      </fieldset>
      {way === "blink" && (
        <>
          <button type="button" aria-pressed={isBlinking} onClick={() => setBlinking(!isBlinking)}>
            {isBlinking ? "Stop" : "Blink by itself"}
          </button>
          <span className="muted">B shows the other one</span>
        </>
      )}
      {way === "difference" && <span className="muted">of the greys as they are drawn: black is alike</span>}
    </>
  );
}
