import { findPortal } from "../../../portals/registry.js";
import type { RequestLimits } from "./objects.js";

/** Limits on requests to a portal's host; `--connections` overrides the number of connections. */
export function requestLimitsOf(portal: string, url: string, connections: number | undefined): RequestLimits {
  const usual = findPortal(portal)?.fetching ?? { connections: 8 };
  const paceHost = /^(?:https?|ftp):/i.test(url) && URL.canParse(url) ? new URL(url).host : undefined;
  return { ...usual, paceHost, ...(connections === undefined ? {} : { connections }) };
}

/** Archives whose files are the same under two addresses. */
const SAME: readonly (readonly [string, string])[] = [["ftp://ftp.ebi.ac.uk/", "https://ftp.ebi.ac.uk/"]];

/** URLs of mirrors of the same file, used after repeated failures of the first URL. */
export function mirrorsOf(url: string, same: readonly (readonly [string, string])[] = SAME): string[] {
  return same.flatMap(([a, b]) =>
    url.startsWith(a) ? [b + url.slice(a.length)] : url.startsWith(b) ? [a + url.slice(b.length)] : [],
  );
}
