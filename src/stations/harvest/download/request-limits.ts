import type { PortalName } from "../../../portals/portal.js";
import type { RequestLimits } from "./objects.js";

/** IDR was seen to cut requests of more than 3 MB short; EPFL's server gives each connection little. */
const OF_PORTAL: Readonly<Partial<Record<PortalName, RequestLimits>>> = {
  idr: { connections: 4, segmentBytes: 3_000_000 },
  epfl: { connections: 16 },
  empiar: { connections: 8 },
};

/** How a portal's files are fetched, unless a person says otherwise (`--connections`). */
export function requestLimitsOf(portal: PortalName, url: string, connections: number | undefined): RequestLimits {
  const usual = OF_PORTAL[portal] ?? { connections: 8 };
  const paceHost = /^(?:https?|ftp):/i.test(url) && URL.canParse(url) ? new URL(url).host : undefined;
  return { ...usual, paceHost, ...(connections === undefined ? {} : { connections }) };
}

/** Archives whose files are the same under two addresses. */
const SAME: readonly (readonly [string, string])[] = [["ftp://ftp.ebi.ac.uk/", "https://ftp.ebi.ac.uk/"]];

/** Other addresses of the very same file, which are asked when the first one has failed too often. */
export function mirrorsOf(url: string, same: readonly (readonly [string, string])[] = SAME): string[] {
  return same.flatMap(([a, b]) =>
    url.startsWith(a) ? [b + url.slice(a.length)] : url.startsWith(b) ? [a + url.slice(b.length)] : [],
  );
}
