import type { Stat } from "../stores/store.js";

/** An entity tag as HTTP writes it. Stores that are no web servers give bare words. */
export function quotedEtag(etag: string): string {
  return /^(?:W\/)?"[^"]*"$/.test(etag) ? etag : `"${etag.replace(/[^\x21\x23-\x7e]/g, "_")}"`;
}

/**
 * The result of a request's conditions, in the order of RFC 9110 §13.2.2: 412 if the object is not the wanted one, 304 if the
 * client already has it.
 */
export function judgeConditions(headers: Headers, stat: Stat): 304 | 412 | undefined {
  const etag = stat.etag === undefined ? undefined : quotedEtag(stat.etag);
  const ifMatch = headers.get("if-match");
  const ifNoneMatch = headers.get("if-none-match");
  if (ifMatch !== null) {
    if (!names(ifMatch, etag, "strong")) return 412;
  } else if (isOlder(headers.get("if-unmodified-since"), stat)) return 412;
  if (ifNoneMatch !== null) return names(ifNoneMatch, etag, "weak") ? 304 : undefined;
  const since = headers.get("if-modified-since");
  return since !== null && stat.modifiedMs !== undefined && isOlder(since, stat) === false ? 304 : undefined;
}

/** Whether a range may be sent: `If-Range` is absent or names this object. Otherwise the client wants the whole object. */
export function rangeStillFits(headers: Headers, stat: Stat): boolean {
  const wanted = headers.get("if-range");
  if (wanted === null) return true;
  if (/^(?:W\/)?"/.test(wanted)) return stat.etag !== undefined && names(wanted, quotedEtag(stat.etag), "strong");
  return stat.modifiedMs !== undefined && Date.parse(wanted) === seconds(stat.modifiedMs);
}

function names(list: string, etag: string | undefined, comparison: "strong" | "weak"): boolean {
  if (list.trim() === "*") return true;
  if (etag === undefined || (comparison === "strong" && etag.startsWith("W/"))) return false;
  const bare = etag.replace(/^W\//, "");
  return [...list.matchAll(/(W\/)?("[^"]*")/g)].some(([, weak, tag]) => tag === bare && (comparison === "weak" || !weak));
}

/** Whether the date lies before the object's last change; undefined where either is not known. HTTP dates have whole seconds. */
function isOlder(date: string | null, { modifiedMs }: Stat): boolean | undefined {
  const time = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) || modifiedMs === undefined ? undefined : time < seconds(modifiedMs);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
