import { useEffect } from "react";
import { AnswerError } from "../parts/api.js";
import { notify } from "../parts/page.js";
import { ErrorPanel } from "../parts/states.js";
import { defaultContrast } from "./contrast.js";
import { useBeside } from "./of-run.js";
import type { PlaneSource } from "./planes.js";
import { openServed } from "./served.js";
import type { Session } from "./session.js";
import type { Layout } from "./state.js";
import { useOf } from "./use-of.js";

/** Opens the volume that is put beside the first one, while two are compared. */
export function useSecond(session: Session, layout: Layout): PlaneSource | undefined {
  const other = useOf(session.state, (state) => state.other);
  const second = session.second.use();
  useEffect(() => {
    if (layout !== "compare" || !other) return;
    const stop = new AbortController();
    openServed(other, stop.signal).then(
      (source) => {
        session.update((state) => ({ ...state, otherContrast: state.otherContrast ?? defaultContrast(source.facts) }));
        session.second.set({ source, isOver: false });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) notify(error instanceof AnswerError ? error.message : "The second volume does not open.");
      },
    );
    return () => {
      stop.abort();
      session.second.get()?.source.close();
      session.second.set(undefined);
    };
  }, [session, layout, other]);
  return second?.source;
}

/** Choice of the volume that is shown beside this one. */
export function BesideChoice({ session }: { session: Session }) {
  const other = useOf(session.state, (state) => state.other);
  const { data, error, refetch } = useBeside(session.facts);
  const set = (ref: string) => session.update((state) => ({ ...state, other: ref || undefined, otherContrast: undefined }));
  if (error) return <ErrorPanel error={error} again={() => void refetch()} />;
  return (
    <p className="v-beside">
      {data?.length === 0 ? (
        "There is no other volume beside this one."
      ) : (
        <label>
          Compare with{" "}
          <select value={other ?? ""} onChange={({ target }) => set(target.value)}>
            <option value="">choose a volume</option>
            {data?.map(({ ref, title }) => (
              <option key={ref} value={ref}>
                {title}
              </option>
            ))}
          </select>{" "}
          B blinks
        </label>
      )}
    </p>
  );
}
