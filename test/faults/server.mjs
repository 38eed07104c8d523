import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { blobStore, readSegments } from "../../examples/portals/blobs.mjs";
import { errorXml, operationOf, s3Service } from "../../examples/portals/s3.mjs";
import { fateTable } from "./fates.mjs";
import { gcsListing } from "./gcs.mjs";
import { fileReply, folderReply } from "./http.mjs";
import { isSigned } from "./sigv4.mjs";

/**
 * @typedef {import("../../examples/portals/s3.mjs").StoredObject} StoredObject
 * @typedef {import("../../examples/portals/s3.mjs").Call} Call
 * @typedef {import("../../examples/portals/s3.mjs").Reply} Reply
 * @typedef {{ operation: string, method: string, key: string, range?: string, fate?: string, status: number, bytesSent: number, atMs: number }} Seen
 * @typedef {{
 *   seed?: number, faults?: readonly import("./fates.mjs").Row[], port?: number, dir?: string, fastEtag?: boolean,
 *   buckets?: readonly string[], partBytesMin?: number, conditionalWrites?: boolean, perSecond?: number, bytesPerSecond?: number,
 *   credentials?: { accessKeyId: string, secretAccessKey: string },
 *   manners?: { etags?: "strong" | "weak" | "none", dates?: boolean, head?: boolean, listing?: "apache" | "nginx" },
 * }} ServerOptions
 */

/**
 * A web server on the loopback that speaks S3 (path style, below `/`) or, for paths below `/files/`, plain HTTP (with Google's listing of the buckets besides), and gives every request
 * the fate that a table and a seed say. Nothing is random but by the seed.
 * @param {ServerOptions} [options]
 */
export async function startFaultServer(options = {}) {
  const {
    seed = 1,
    port = 0,
    dir,
    fastEtag,
    buckets = ["bucket"],
    partBytesMin = 1,
    conditionalWrites = true,
    credentials,
    manners,
  } = options;
  const { perSecond = Number.POSITIVE_INFINITY, bytesPerSecond } = options;
  let fateOf = fateTable(options.faults ?? [], seed);
  /** @type {Seen[]} */
  const requests = [];
  /** @type {Map<string, StoredObject>} */
  const files = new Map();
  const s3 = s3Service({ blobs: blobStore({ dir, fastEtag }), buckets, partBytesMin, conditionalWrites, now: Date.now });
  const checkSums = dir === undefined && !fastEtag;

  const server = createServer(async (request, response) => {
    const [rawPath, rawQuery = ""] = /** @type {string} */ (request.url).split(/\?(.*)/s);
    const method = request.method ?? "GET";
    const query = new URLSearchParams(rawQuery);
    const isFile = rawPath.startsWith("/files/");
    const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(rawPath)) ?? [];
    const operation = isFile ? method : operationOf(bucket, key, method, query);
    const fate = fateOf({ operation, method, key });
    /** @type {Seen} */
    const seen = {
      operation,
      method,
      key,
      range: request.headers.range,
      fate: fate?.kind,
      status: 0,
      bytesSent: 0,
      atMs: performance.now(),
    };
    requests.push(seen);
    const call = { method, operation, bucket, key, query, checkSums, headers: request.headers, body: request, fate };
    /** @type {Reply} */
    let reply;
    try {
      reply = early(fate, request.url ?? "/") ?? (await carryOut());
    } catch {
      request.socket.destroy();
      return;
    }
    await send(response, request, reply, fate, seen, bytesPerSecond).catch(() => request.socket.destroy());

    /** @returns {Promise<Reply>} */
    async function carryOut() {
      if (Number.isFinite(perSecond) && requests.filter(({ atMs }) => atMs > seen.atMs - 1000).length > perSecond) {
        return { status: 503, code: "SlowDown" };
      }
      if (isFile) {
        if (fate?.kind === "replace") replaceFile(key);
        const folder = manners?.listing && !files.has(key) ? folderReply(files, key, manners.listing) : undefined;
        return folder ?? fileReply(call, files.get(key), manners);
      }
      if (rawPath.startsWith("/storage/v1/b/")) return gcsListing(s3.buckets, decodeURIComponent(rawPath), query, GCS_PAGE);
      if (credentials && !isSigned({ method, rawPath, rawQuery, headers: request.headers }, credentials)) {
        return { status: 403, code: "SignatureDoesNotMatch" };
      }
      if (fate?.kind === "replace") replaceObject(bucket, key);
      return s3.answer(call);
    }
  });

  /** @param {string} key */
  function replaceFile(key) {
    const size = files.get(key)?.size ?? 0;
    putFile(key, new Uint8Array(size).fill(requests.length & 255));
  }

  /** @param {string} bucket @param {string} key */
  function replaceObject(bucket, key) {
    const size = s3.buckets.get(bucket)?.get(key)?.size ?? 0;
    s3.put(bucket, key, new Uint8Array(size).fill(requests.length & 255));
  }

  /** @param {string} key @param {Uint8Array} bytes @param {string} [contentType] */
  function putFile(key, bytes, contentType) {
    const copy = Buffer.from(bytes);
    files.set(key, {
      segments: [{ size: copy.length, bytes: copy }],
      size: copy.length,
      etag: `"${createHash("md5").update(copy).digest("hex")}"`,
      modifiedMs: Date.now(),
      contentType,
    });
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${address.port}`;
  return {
    /** The S3 endpoint. */
    url,
    /** Root of the plain files. */
    filesUrl: `${url}/files`,
    requests,
    s3,
    putFile,
    /** New fates from now on. @param {readonly import("./fates.mjs").Row[]} faults @param {number} [newSeed] */
    setFaults(faults, newSeed = seed) {
      fateOf = fateTable(faults, newSeed);
      requests.length = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Rows of a page of Google's listing. */
const GCS_PAGE = 1000;

const PACED_BYTES = 16 * 1024;

/** @param {Iterable<Buffer> | AsyncIterable<Buffer>} source @param {number} bytesPerSecond */
async function* paced(source, bytesPerSecond) {
  const begunMs = performance.now();
  let bytes = 0;
  for await (const whole of source) {
    for (let at = 0; at < whole.length; at += PACED_BYTES) {
      const dueMs = begunMs + (bytes / bytesPerSecond) * 1000 - performance.now();
      if (dueMs > 1) await new Promise((resolve) => setTimeout(resolve, dueMs));
      const piece = whole.subarray(at, at + PACED_BYTES);
      bytes += piece.length;
      yield piece;
    }
  }
}

/** @param {import("./fates.mjs").Fate | undefined} fate @param {string} here @returns {Reply | undefined} */
function early(fate, here) {
  switch (fate?.kind) {
    case "status":
      return {
        status: fate.status ?? 500,
        code: fate.code ?? "InternalError",
        headers: fate.retryAfter === undefined ? {} : { "retry-after": String(fate.retryAfter) },
      };
    case "cut":
      throw new Error("cut");
    case "html":
      return {
        status: 200,
        headers: { "content-type": "text/html" },
        body: "<!DOCTYPE html>\n<html><body>Please log in.</body></html>\n",
      };
    case "redirect":
      return { status: 302, headers: { location: fate.to ?? here } };
    case "error-body":
      return { status: 200, headers: { "content-type": "application/xml" }, body: errorXml(fate.code ?? "InternalError", here) };
  }
  return undefined;
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {import("node:http").IncomingMessage} request
 * @param {Reply} reply
 * @param {import("./fates.mjs").Fate | undefined} fate
 * @param {Seen} seen
 * @param {number} [bytesPerSecond] of this body
 */
async function send(response, request, reply, fate, seen, bytesPerSecond) {
  seen.status = reply.status;
  const { from = 0, to = 0, object } = reply;
  const plain = reply.body ?? (reply.code === undefined ? "" : errorXml(reply.code, request.url ?? ""));
  const noBody = request.method === "HEAD" || reply.status === 204 || reply.status === 304;
  const size = object ? to - from : Buffer.byteLength(plain);
  /** @type {Record<string, string | number>} */
  const headers = { ...(reply.code === undefined ? {} : { "content-type": "application/xml" }), ...reply.headers };
  if (reply.status !== 204) headers["content-length"] = object || !noBody ? size : Number(headers["content-length"] ?? 0);
  if (fate?.kind === "lost") {
    request.socket.resetAndDestroy();
    return;
  }
  if (fate?.kind === "length") headers["content-length"] = size + (fate.delta ?? 1);
  if (fate?.kind === "no-length") delete headers["content-length"];
  if (fate?.kind === "gzip") headers["content-encoding"] = "gzip";
  const breaking = fate && ["length", "no-length", "reset", "fin", "stall", "drip"].includes(fate.kind);
  if (breaking) headers.connection = "close";
  if (fate?.kind === "no-length") response.useChunkedEncodingByDefault = false;
  // What is left of a request that was refused is read, so that the client is not cut off while it still sends.
  if (!request.readableEnded) request.resume();
  response.writeHead(reply.status, headers);
  if (noBody) {
    response.end();
    return;
  }
  const limit = fate && ["reset", "fin", "stall", "drip"].includes(fate.kind) ? (fate.at ?? 0) : Number.POSITIVE_INFINITY;
  const whole = object ? readSegments(object.segments, from, to) : [Buffer.from(plain)];
  const source = bytesPerSecond === undefined ? whole : paced(whole, bytesPerSecond);
  let first = true;
  for await (const bytes of source) {
    let piece = bytes.subarray(0, Math.max(0, limit - seen.bytesSent));
    if (first && fate?.kind === "corrupt" && piece.length > 0) {
      piece = Buffer.from(piece);
      piece[Math.floor(piece.length / 2)] ^= 1;
    }
    first = false;
    if (piece.length === 0) break;
    seen.bytesSent += piece.length;
    if (!response.write(piece)) await drained(response);
    if (response.destroyed) return;
  }
  if (limit === Number.POSITIVE_INFINITY) {
    response.end();
    if (fate?.kind === "length") setTimeout(() => request.socket.end(), 20).unref();
    return;
  }
  if (seen.bytesSent === 0) response.flushHeaders();
  if (fate?.kind === "drip") {
    /** @type {Buffer[]} */
    const rest = [];
    for await (const piece of object ? readSegments(object.segments, from + seen.bytesSent, to) : []) rest.push(piece);
    const bytes = Buffer.concat(rest);
    let at = 0;
    const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), fate.everyMs ?? 100);
    response.on("close", () => clearInterval(timer));
    return;
  }
  if (fate?.kind === "stall") return;
  // Time for the bytes to arrive: a reset overtakes what is still in the buffers.
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (fate?.kind === "reset") request.socket.resetAndDestroy();
  else request.socket.end();
}

/** @param {import("node:http").ServerResponse} response */
function drained(response) {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve(undefined);
    };
    response.on("drain", done).on("close", done);
  });
}
