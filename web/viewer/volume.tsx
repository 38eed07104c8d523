import { lazy, type ReactNode, Suspense } from "react";
import { useCrumbs } from "../parts/page.js";
import { ErrorPanel, Loading } from "../parts/states.js";
import type { PlaneSource } from "./planes.js";

// fetched while the volume is asked for
const viewer = import("./viewer.js");
const Viewer = lazy(async () => ({ default: (await viewer).Viewer }));

interface Asked {
  readonly data: PlaneSource | undefined;
  readonly error: unknown;
  refetch(): unknown;
}

/** A volume when it is open; until then that it is waited for, or why it does not open. `children` are ways on, then. */
export function Volume({ asked: { data, error, refetch }, children }: { asked: Asked; children?: ReactNode }) {
  if (error)
    return (
      <NotShown error={error} again={() => void refetch()}>
        {children}
      </NotShown>
    );
  const wait = <Loading what="the volume" />;
  return data ? (
    <Suspense fallback={wait}>
      <Viewer key={`${data.facts.ref} ${data.facts.etag}`} source={data} />
    </Suspense>
  ) : (
    wait
  );
}

function NotShown({ error, again, children }: { error: unknown; again: () => void; children: ReactNode }) {
  useCrumbs({ label: "Volume" });
  return (
    <div className="page">
      <h1>Not shown</h1>
      <ErrorPanel error={error} again={again} />
      {children}
    </div>
  );
}
