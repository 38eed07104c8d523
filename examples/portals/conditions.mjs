/**
 * The part of HTTP that S3 shares: preconditions and ranges. Weak tags never match (RFC 9110 §13.1.1).
 * @param {import("./s3.mjs").Call} call
 * @param {import("./s3.mjs").StoredObject} object
 * @param {Record<string, string>} headers
 * @param {string | undefined} etag
 * @returns {import("./s3.mjs").Reply}
 */
export function conditionalReply(call, object, headers, etag) {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch, "if-range": ifRange, range } = call.headers;
  if (
    ifMatch !== undefined &&
    ifMatch !== "*" &&
    (etag === undefined || etag.startsWith("W/") || unquote(ifMatch) !== unquote(etag))
  ) {
    return { status: 412, code: "PreconditionFailed" };
  }
  if (ifNoneMatch !== undefined && etag !== undefined && (ifNoneMatch === "*" || unquote(ifNoneMatch) === unquote(etag))) {
    return { status: 304, headers };
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(typeof range === "string" ? range : "");
  const ranged = match && call.fate?.kind !== "ignore-range" && (ifRange === undefined || ifRange === etag);
  if (!ranged) return { status: 200, headers, object, from: 0, to: object.size };
  let from = Number(match[1]);
  let to = match[2] === "" ? object.size : Math.min(object.size, Number(match[2]) + 1);
  if (from >= object.size) {
    return { status: 416, headers: { "content-range": `bytes */${object.size}` }, code: "InvalidRange" };
  }
  if (call.fate?.kind === "shift-range") {
    const by = Math.min(call.fate.by ?? 1, object.size - to);
    from += by;
    to += by;
  }
  // RFC 9110 §14.2: a server may answer with a part of the part.
  if (call.fate?.kind === "short-range") to = Math.min(to, from + (call.fate.by ?? 1));
  const told = call.fate?.kind === "range-header" ? (call.fate.by ?? 1) : 0;
  headers["content-range"] = `bytes ${from + told}-${to - 1 + told}/${object.size}`;
  return { status: 206, headers, object, from, to };
}

/** @param {string | string[]} tag */
function unquote(tag) {
  return String(tag).replace(/^"|"$/g, "");
}
