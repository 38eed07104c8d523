import { folderPage, makeTree } from "../../examples/portals/tree.mjs";

/**
 * @typedef {import("./server.mjs").Call} Call
 * @typedef {import("./server.mjs").Reply} Reply
 * @typedef {import("./server.mjs").StoredObject} StoredObject
 */

/**
 * Files as a plain web server gives them: HEAD and GET, one range, If-Match, If-None-Match, If-Range.
 * @param {Call} call
 * @param {StoredObject | undefined} object
 * @param {{ etags?: "strong" | "weak" | "none", dates?: boolean, head?: boolean }} [manners]
 * @returns {Reply}
 */
export function fileReply(call, object, { etags = "strong", dates = true, head = true } = {}) {
  if (call.method !== "GET" && (call.method !== "HEAD" || !head)) return { status: 405, headers: { allow: "GET" } };
  if (!object) return { status: 404, headers: { "content-type": "text/plain" }, body: "not found\n" };
  const etag = etags === "none" ? undefined : etags === "weak" ? `W/${object.etag}` : object.etag;
  /** @type {Record<string, string>} */
  const headers = { "accept-ranges": "bytes", "content-type": object.contentType ?? "application/octet-stream" };
  if (etag !== undefined) headers.etag = etag;
  if (dates) headers["last-modified"] = new Date(object.modifiedMs).toUTCString();
  return conditionalReply(call, object, headers, etag);
}

/**
 * The part of HTTP that S3 shares: preconditions and ranges. Weak tags never match (RFC 9110 §13.1.1).
 * @param {Call} call
 * @param {StoredObject} object
 * @param {Record<string, string>} headers
 * @param {string | undefined} etag
 * @returns {Reply}
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

/**
 * A folder's page, as Apache or nginx makes it, or the redirection to the folder's own address; undefined for what is none.
 * @param {ReadonlyMap<string, StoredObject>} files
 * @param {string} path
 * @param {"apache" | "nginx"} manner
 * @returns {Reply | undefined}
 */
export function folderReply(files, path, manner) {
  const below = path === "" || path.endsWith("/") ? path : `${path}/`;
  const inside = [...files].filter(([key]) => key.startsWith(below));
  if (inside.length === 0) return undefined;
  if (below !== path) {
    const location = `/files/${below.split("/").map(encodeURIComponent).join("/")}`;
    return { status: 301, headers: { location, "content-type": "text/html" }, body: "<html>moved</html>" };
  }
  const tree = makeTree(
    inside.map(([key, { size, etag, modifiedMs }]) => [
      key,
      { size, etag, modifiedMs, contentType: "", read: () => new Uint8Array(0) },
    ]),
  );
  return { status: 200, headers: { "content-type": "text/html;charset=UTF-8" }, body: folderPage(tree, path, manner) };
}
