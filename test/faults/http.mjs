import { conditionalReply } from "../../examples/portals/conditions.mjs";
import { folderPage, makeTree } from "../../examples/portals/tree.mjs";

/**
 * @typedef {import("../../examples/portals/s3.mjs").Call} Call
 * @typedef {import("../../examples/portals/s3.mjs").Reply} Reply
 * @typedef {import("../../examples/portals/s3.mjs").StoredObject} StoredObject
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
