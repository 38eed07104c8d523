import { useQuery } from "@tanstack/react-query";
import { useParams, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { printRef } from "../../src/model/ref.js";
import { useCrumbs } from "../parts/page.js";
import { ErrorPanel, Loading } from "../parts/states.js";
import { openServed } from "../viewer/served.js";

const Viewer = lazy(() => import("../viewer/viewer.js").then((module) => ({ default: module.Viewer })));

/** Slices of one volume: of an entity of the catalogue, or of a key of a place. */
export function View() {
  const ref = useRef();
  const { data, error, refetch } = useQuery({
    queryKey: ["volume", ref],
    queryFn: ({ signal }) => openServed(ref, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (error) return <NotShown error={error} again={() => void refetch()} />;
  const wait = <Loading what="the volume" />;
  return data ? (
    <Suspense fallback={wait}>
      <Viewer key={`${data.facts.ref} ${data.facts.etag}`} source={data} />
    </Suspense>
  ) : (
    wait
  );
}

function NotShown({ error, again }: { error: unknown; again: () => void }) {
  useCrumbs({ label: "Volume" });
  return (
    <div className="page">
      <h1>Not shown</h1>
      <ErrorPanel error={error} again={again} />
    </div>
  );
}

/** `/view/tomogram/12`, `/view/at/{ref}`, `/view/at/{place}/{key}`. */
function useRef(): string {
  const { id, place, _splat } = useParams({ strict: false });
  const kind = useRouterState({ select: ({ location }) => /\/view\/(\w+)\//.exec(location.pathname)?.[1] });
  if (place === undefined) return `${kind}:${id}`;
  // without a key it is a reference, which holds both
  return _splat ? printRef({ kind: "place", place, key: _splat }) : place;
}
