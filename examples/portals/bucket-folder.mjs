/**
 * A stand-in for a bucket: an S3 server on the loopback whose objects are the files of a folder, `FOLDER/<bucket>/<key>`. An object is visible
 * whole or not at all, and is there again when the server is started anew; uploads in parts that were not completed are not. Signatures are
 * not checked. `node examples/portals/serve.mjs --bucket-folder DIR` starts it beside the portals.
 */
import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:http";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { blobStore, readSegments } from "./blobs.mjs";
import { errorXml, operationOf, s3Service } from "./s3.mjs";

/**
 * Where an S3 service keeps its objects.
 * @typedef {{
 *   takes: (key: string) => boolean,
 *   load: (bucket: string) => Map<string, import("./s3.mjs").StoredObject>,
 *   keep: (bucket: string, key: string, object: import("./s3.mjs").StoredObject) => import("./s3.mjs").StoredObject,
 *   drop: (bucket: string, key: string) => void,
 * }} Keeper
 */

/** Amazon's. */
const PART_BYTES_MIN = 5 * 1024 * 1024;
/** Beside the buckets: bodies on their way, and the tags of objects. */
const OWN = ".stand-in";

/** @type {import("./bucket-folder.d.mts").startBucket} */
export async function startBucket({ folder, bucket, port = 0, partBytesMin = PART_BYTES_MIN }) {
  const bodies = join(folder, OWN, "bodies");
  rmSync(bodies, { recursive: true, force: true });
  mkdirSync(bodies, { recursive: true });
  mkdirSync(join(folder, bucket), { recursive: true });
  const service = s3Service({
    blobs: blobStore({ dir: bodies }),
    buckets: [bucket],
    partBytesMin,
    conditionalWrites: true,
    now: Date.now,
    keeper: folderKeeper(folder),
  });
  const server = createServer((request, response) => {
    answer(service, request, response).catch(() => request.socket.destroy());
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {string} folder @returns {Keeper} */
function folderKeeper(folder) {
  const tags = join(folder, OWN, "etags.jsonl");
  const pathOf = (bucket, key) => join(folder, bucket, ...key.split("/"));
  return {
    takes: (key) => key.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !/[\\\0]/.test(name)),
    load(bucket) {
      const known = readTags(tags);
      const root = join(folder, bucket);
      const entries = existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }) : [];
      return new Map(
        entries
          .filter((entry) => entry.isFile())
          .map((entry) => {
            const path = join(entry.parentPath, entry.name);
            const key = relative(root, path).split(sep).join("/");
            const { size, mtimeMs } = statSync(path);
            const kept = known.get(`${bucket}/${key}`);
            const etag = kept?.size === size ? kept.etag : `"${createHash("md5").update(readFileSync(path)).digest("hex")}"`;
            return [
              key,
              { segments: [{ size, path }], size, etag, modifiedMs: Math.floor(mtimeMs), contentType: kept?.contentType },
            ];
          }),
      );
    },
    keep(bucket, key, object) {
      const path = pathOf(bucket, key);
      const [first, ...rest] = object.segments.map((segment) => segment.path);
      if (rest.length > 0) {
        const file = openSync(first, "a");
        for (const part of rest) writeSync(file, readFileSync(part));
        closeSync(file);
      }
      const { size, etag, contentType } = object;
      appendFileSync(tags, `${JSON.stringify({ key: `${bucket}/${key}`, size, etag, contentType })}\n`);
      mkdirSync(dirname(path), { recursive: true });
      renameSync(first, path);
      for (const part of rest) unlinkSync(part);
      return { ...object, segments: [{ size, path }] };
    },
    drop(bucket, key) {
      rmSync(pathOf(bucket, key), { force: true });
    },
  };
}

/** The last line of a key counts; the last line of the file may be half of one. */
function readTags(path) {
  const known = new Map();
  for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : []) {
    try {
      const { key, ...kept } = JSON.parse(line);
      known.set(key, kept);
    } catch {
      // the process ended while it wrote
    }
  }
  return known;
}

/** @param {ReturnType<typeof s3Service>} service */
async function answer(service, request, response) {
  const [rawPath, rawQuery = ""] = request.url.split(/\?(.*)/s);
  const method = request.method ?? "GET";
  const query = new URLSearchParams(rawQuery);
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(rawPath)) ?? [];
  const operation = operationOf(bucket, key, method, query);
  const { headers } = request;
  const reply = await service.answer({ method, operation, bucket, key, query, checkSums: true, headers, body: request });
  const { object, from = 0, to = 0, status, code } = reply;
  const plain = reply.body ?? (code === undefined ? "" : errorXml(code, request.url));
  const noBody = method === "HEAD" || status === 204 || status === 304;
  if (!request.readableEnded) request.resume();
  response.writeHead(status, {
    ...(code === undefined ? {} : { "content-type": "application/xml" }),
    ...reply.headers,
    ...(status === 204 ? {} : { "content-length": object ? to - from : noBody ? 0 : Buffer.byteLength(plain) }),
  });
  if (noBody) response.end();
  else if (!object) response.end(plain);
  else await pipeline(readSegments(object.segments, from, to), response);
}
