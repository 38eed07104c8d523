import type { ReactNode } from "react";
import { useCrumbs } from "../parts/page.js";
import { ErrorPanel, Loading } from "../parts/states.js";
import type { PlaneSource } from "./planes.js";
import { isNoAnswer } from "./served.js";
import { Viewer } from "./viewer.js";

interface Asked {
  readonly data: PlaneSource | undefined;
  readonly error: unknown;
  refetch(): unknown;
}

/** A volume when it is open; until then that it is waited for, or why it does not open. `children` are ways on, then. */
export function Volume({ asked: { data, error, refetch }, children }: { asked: Asked; children?: ReactNode }) {
  // asked again while the server is away: what is seen stays
  if (error && !(data && isNoAnswer(error)))
    return (
      <NotShown error={error} again={() => void refetch()}>
        {children}
      </NotShown>
    );
  if (data) return <Viewer key={`${data.facts.ref} ${data.facts.etag}`} source={data} />;
  return (
    <div className="page">
      <Loading what="the volume" />
    </div>
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
