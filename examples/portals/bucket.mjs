/** Public buckets over HTTPS: S3's and Google's listings, and objects by key. */
import { escapeHtml } from "./tree.mjs";

/** Rows of a page; fewer than the services give, so that paging is used. */
const PAGE = 5;

/** Names directly below a prefix and, in one order, the folders: what both services page through. */
function entries(tree, prefix, delimiter) {
  const found = new Map();
  for (const [key, file] of tree.files) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) found.set(key, file);
    else found.set(key.slice(0, end + delimiter.length), undefined);
  }
  return [...found];
}

/** @param {import("./tree.d.mts").Tree} tree @param {string} bucket @returns {import("./server.d.mts").Site} */
export function s3Site(tree, bucket) {
  return ({ path, query }) => {
    if (path !== "/" || query.get("list-type") !== "2") return objectReply(tree, path.slice(1));
    const prefix = query.get("prefix") ?? "";
    const all = entries(tree, prefix, query.get("delimiter") ?? "");
    const from = Number(query.get("continuation-token") ?? 0);
    const some = all.slice(from, from + PAGE);
    const encoded = query.get("encoding-type") === "url";
    const key = (text) => escapeHtml(encoded ? encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%20", "+") : text);
    const rows = some.map(([name, file]) =>
      file
        ? `<Contents><Key>${key(name)}</Key><LastModified>${new Date(file.modifiedMs).toISOString()}</LastModified><ETag>${escapeHtml(file.etag)}</ETag><Size>${file.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
        : `<CommonPrefixes><Prefix>${key(name)}</Prefix></CommonPrefixes>`,
    );
    const more = from + PAGE < all.length;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix>${key(prefix)}</Prefix>${more ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : ""}<KeyCount>${some.length}</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter>${encoded ? "<EncodingType>url</EncodingType>" : ""}<IsTruncated>${more}</IsTruncated>${rows.join("")}</ListBucketResult>`;
    return { status: 200, headers: { "content-type": "application/xml" }, body };
  };
}

/** `storage.googleapis.com`: objects below `/<bucket>/`, listings by the JSON interface. @param {ReadonlyMap<string, import("./tree.d.mts").Tree>} buckets @returns {import("./server.d.mts").Site} */
export function gcsSite(buckets) {
  return ({ path, query }) => {
    const listed = /^\/storage\/v1\/b\/([^/]+)\/o$/.exec(path)?.[1];
    if (listed === undefined) {
      const [, bucket = "", key = ""] = /^\/([^/]+)\/(.*)$/s.exec(path) ?? [];
      const tree = buckets.get(bucket);
      return tree && objectReply(tree, key);
    }
    const tree = buckets.get(listed);
    if (!tree) return { status: 404, headers: { "content-type": "application/json" }, body: '{"error":{"code":404}}' };
    const all = entries(tree, query.get("prefix") ?? "", query.get("delimiter") ?? "");
    const from = Number(query.get("pageToken") ?? 0);
    const some = all.slice(from, from + PAGE);
    const body = {
      kind: "storage#objects",
      ...(from + PAGE < all.length ? { nextPageToken: String(from + PAGE) } : {}),
      prefixes: some.flatMap(([name, file]) => (file ? [] : [name])),
      items: some.flatMap(([name, file]) =>
        file
          ? [
              {
                name,
                size: String(file.size),
                etag: file.etag,
                md5Hash: Buffer.from(file.etag.slice(1, -1), "hex").toString("base64"),
                updated: new Date(file.modifiedMs).toISOString(),
              },
            ]
          : [],
      ),
    };
    return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  };
}

function objectReply(tree, key) {
  const file = tree.file(key);
  if (file) return { status: 200, file };
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Key>${escapeHtml(key)}</Key></Error>`;
  return { status: 404, headers: { "content-type": "application/xml" }, body };
}
