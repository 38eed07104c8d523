/**
 * The listing of Google's JSON interface, over the buckets of the S3 service: objects are the same, `/<bucket>/<key>`.
 * @param {ReadonlyMap<string, ReadonlyMap<string, { size: number, etag: string, modifiedMs: number }>>} buckets
 * @param {string} path percent-decoded
 * @param {URLSearchParams} query
 * @param {number} pageSize
 * @returns {import("./server.mjs").Reply}
 */
export function gcsListing(buckets, path, query, pageSize) {
  const objects = buckets.get(/^\/storage\/v1\/b\/([^/]+)\/o$/.exec(path)?.[1] ?? "");
  if (!objects) return { status: 404, headers: JSON_TYPE, body: '{"error":{"code":404,"message":"No such bucket"}}' };
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const names = [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  /** @type {Set<string>} */
  const rows = new Set();
  for (const name of names) {
    const end = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
    rows.add(end < 0 ? `o${name}` : `p${name.slice(0, end + 1)}`);
  }
  const from = Number(query.get("pageToken") ?? 0);
  const page = [...rows].slice(from, from + pageSize);
  const body = {
    kind: "storage#objects",
    ...(from + pageSize < rows.size ? { nextPageToken: String(from + pageSize) } : {}),
    prefixes: page.filter((row) => row.startsWith("p")).map((row) => row.slice(1)),
    items: page
      .filter((row) => row.startsWith("o"))
      .map((row) => {
        const object = objects.get(row.slice(1));
        const md5 = Buffer.from(object?.etag.slice(1, -1) ?? "", "hex").toString("base64");
        return {
          name: row.slice(1),
          size: String(object?.size),
          md5Hash: md5,
          etag: "CAE=",
          updated: new Date(object?.modifiedMs ?? 0).toISOString(),
        };
      }),
  };
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(body) };
}

const JSON_TYPE = { "content-type": "application/json; charset=UTF-8" };
