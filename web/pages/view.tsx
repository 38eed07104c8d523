import { useQuery } from "@tanstack/react-query";
import { useParams, useRouterState } from "@tanstack/react-router";
import { refOfView } from "../../src/model/ref.js";
import { openServed } from "../viewer/served.js";
import { Volume } from "../viewer/volume.js";

/** Slices of one volume: of an entity of the catalogue, or of a key of a place. */
export function View() {
  const ref = useVolumeRef();
  const asked = useQuery({
    queryKey: ["slices", ref],
    queryFn: ({ signal }) => openServed(ref!, signal),
    enabled: ref !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    meta: { stays: true },
  });
  return <Volume asked={asked} />;
}

function useVolumeRef(): string | undefined {
  const { id, place, _splat } = useParams({ strict: false });
  // while one leaves, the address is another page's already
  const kind = useRouterState({ select: ({ location }) => /\/view\/(\w+)\//.exec(location.pathname)?.[1] });
  return kind === undefined ? undefined : refOfView([kind, place ?? id ?? "", _splat ?? ""]);
}
