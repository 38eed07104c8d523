import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { readSegments } from "./blobs.mjs";
import { conditionalReply } from "./conditions.mjs";

/**
 * @typedef {{ segments: readonly import("./blobs.mjs").Segment[], size: number, etag: string, modifiedMs: number, contentType?: string }} StoredObject
 * @typedef {{ method: string, operation: string, bucket: string, key: string, query: URLSearchParams, checkSums: boolean,
 *   headers: import("node:http").IncomingHttpHeaders, body: AsyncIterable<Buffer>, fate?: { kind: string, by?: number } | undefined }} Call
 * @typedef {{ status: number, headers?: Record<string, string>, body?: string, code?: string, object?: StoredObject, from?: number, to?: number }} Reply
 * @typedef {{ bucket: string, key: string, contentType?: string, sums: boolean, begunMs: number, parts: Map<number, Part> }} Upload
 * @typedef {{ received: import("./blobs.mjs").Received, etag: string, modifiedMs: number }} Part
 */

/** @param {string} bucket @param {string} key @param {string} method @param {URLSearchParams} query */
export function operationOf(bucket, key, method, query) {
  if (bucket === "") return "ListBuckets";
  if (key === "") {
    if (method === "POST" && query.has("delete")) return "DeleteObjects";
    if (method === "GET") return query.has("uploads") ? "ListMultipartUploads" : "ListObjectsV2";
    return { PUT: "CreateBucket", HEAD: "HeadBucket", DELETE: "DeleteBucket" }[method] ?? "Unknown";
  }
  const id = query.has("uploadId");
  if (method === "POST") return query.has("uploads") ? "CreateMultipartUpload" : id ? "CompleteMultipartUpload" : "Unknown";
  if (method === "PUT") return id ? "UploadPart" : "PutObject";
  if (method === "GET") return id ? "ListParts" : "GetObject";
  if (method === "DELETE") return id ? "AbortMultipartUpload" : "DeleteObject";
  return method === "HEAD" ? "HeadObject" : "Unknown";
}

/**
 * The part of S3 that we use, path style; in memory, or wherever `keeper` keeps objects.
 * @param {{ blobs: ReturnType<typeof import("./blobs.mjs").blobStore>, buckets: readonly string[], partBytesMin: number,
 *   conditionalWrites: boolean, now: () => number, keeper?: import("./bucket-folder.mjs").Keeper }} options
 */
export function s3Service({ blobs, buckets: names, partBytesMin, conditionalWrites, now, keeper }) {
  /** @type {Map<string, Map<string, StoredObject>>} */
  const buckets = new Map(names.map((name) => [name, keeper?.load(name) ?? new Map()]));
  /** @type {Map<string, Upload>} */
  const uploads = new Map();
  /** @type {Map<string, string[]>} */
  const sortedKeys = new Map();
  let counter = 0;

  /** @param {string} bucket @param {string} key @param {StoredObject} object */
  function store(bucket, key, object) {
    const objects = /** @type {Map<string, StoredObject>} */ (buckets.get(bucket));
    const before = objects.get(key);
    if (!before) sortedKeys.delete(bucket);
    objects.set(key, keeper ? keeper.keep(bucket, key, object) : object);
    if (before && !keeper) void blobs.forget(before.segments);
  }

  /** @param {string} bucket @param {string} key */
  function forget(bucket, key) {
    const object = buckets.get(bucket)?.get(key);
    if (!object) return;
    buckets.get(bucket)?.delete(key);
    sortedKeys.delete(bucket);
    keeper?.drop(bucket, key);
    void blobs.forget(object.segments);
  }

  /** Keys in UTF-8 order. @param {string} bucket */
  function keysOf(bucket) {
    let keys = sortedKeys.get(bucket);
    if (!keys) {
      keys = [...(buckets.get(bucket)?.keys() ?? [])]
        .map((key) => Buffer.from(key))
        .sort(Buffer.compare)
        .map(String);
      sortedKeys.set(bucket, keys);
    }
    return keys;
  }

  /** @param {Call} call @returns {Reply | undefined} */
  function precondition(call) {
    if (!conditionalWrites) return undefined;
    const object = buckets.get(call.bucket)?.get(call.key);
    const ifMatch = call.headers["if-match"];
    if (call.headers["if-none-match"] === "*" && object) return error(412, "PreconditionFailed");
    if (ifMatch === undefined) return undefined;
    if (!object) return error(404, "NoSuchKey");
    return String(ifMatch).replaceAll('"', "") === object.etag.replaceAll('"', "") ? undefined : error(412, "PreconditionFailed");
  }

  /** Reads the body and checks every sum that came with it. @param {Call} call @returns {Promise<import("./blobs.mjs").Received | Reply>} */
  async function receive(call) {
    const { headers } = call;
    const chunked =
      String(headers["content-encoding"] ?? "").includes("aws-chunked") ||
      /^STREAMING-/.test(String(headers["x-amz-content-sha256"]));
    /** @type {Record<string, string>} */
    const trailers = {};
    const sha = /^[0-9a-f]{64}$/.test(String(headers["x-amz-content-sha256"])) && !chunked;
    const received = await blobs.receive(chunked ? decodeChunks(call.body, trailers) : call.body, {
      sha256: sha && call.checkSums,
    });
    const crc = headers["x-amz-checksum-crc32"] ?? trailers["x-amz-checksum-crc32"];
    const md5 = headers["content-md5"];
    const length = headers["x-amz-decoded-content-length"] ?? headers["content-length"];
    const wrong =
      (crc !== undefined && crc !== crcBase64(received.crc)) ||
      (md5 !== undefined && Buffer.from(String(md5), "base64").toString("hex") !== received.md5);
    /** @type {Reply | undefined} */
    const refusal =
      length !== undefined && Number(length) !== received.size
        ? error(400, "IncompleteBody")
        : wrong
          ? error(400, "BadDigest")
          : received.sha256 !== undefined && received.sha256 !== headers["x-amz-content-sha256"]
            ? error(400, "XAmzContentSHA256Mismatch")
            : undefined;
    if (refusal) await blobs.forget([received.segment]);
    return refusal ?? received;
  }

  /** @type {Record<string, (call: Call) => Promise<Reply> | Reply>} */
  const operations = {
    CreateBucket(call) {
      if (!buckets.has(call.bucket)) buckets.set(call.bucket, new Map());
      return { status: 200, headers: { location: `/${call.bucket}` } };
    },
    HeadBucket: () => ({ status: 200 }),
    HeadObject: (call) => operations.GetObject(call),
    GetObject(call) {
      const object = buckets.get(call.bucket)?.get(call.key);
      if (!object) return error(404, "NoSuchKey");
      const headers = {
        "accept-ranges": "bytes",
        "content-type": object.contentType ?? "binary/octet-stream",
        "last-modified": new Date(object.modifiedMs).toUTCString(),
        etag: object.etag,
      };
      return conditionalReply(call, object, headers, object.etag);
    },
    async PutObject(call) {
      const received = await receive(call);
      if (!("segment" in received)) return received;
      const refusal = precondition(call);
      if (refusal) {
        await blobs.forget([received.segment]);
        return refusal;
      }
      const etag = `"${received.md5}"`;
      store(call.bucket, call.key, {
        segments: [received.segment],
        size: received.size,
        etag,
        modifiedMs: now(),
        contentType: text(call.headers["content-type"]),
      });
      return { status: 200, headers: { etag, "x-amz-checksum-crc32": crcBase64(received.crc) } };
    },
    DeleteObject(call) {
      forget(call.bucket, call.key);
      return { status: 204 };
    },
    async DeleteObjects(call) {
      const xml = await textOf(call.body);
      const keys = all(xml, "Key");
      if (keys.length > 1000) return error(400, "MalformedXML");
      for (const key of keys) forget(call.bucket, key);
      const quiet = one(xml, "Quiet") === "true";
      return reply("DeleteResult", quiet ? "" : keys.map((key) => `<Deleted><Key>${escapeXml(key)}</Key></Deleted>`).join(""));
    },
    ListObjectsV2(call) {
      const query = call.query;
      const prefix = query.get("prefix") ?? "";
      const delimiter = query.get("delimiter") ?? "";
      const max = Math.min(1000, Number(query.get("max-keys") ?? 1000));
      const token = query.get("continuation-token");
      const after = token === null ? query.get("start-after") : Buffer.from(token, "base64url").toString();
      const encode = query.get("encoding-type") === "url" ? urlEncode : escapeXml;
      const keys = keysOf(call.bucket);
      let at = after === null ? lowerBound(keys, prefix) : Math.max(lowerBound(keys, prefix), upperBound(keys, after));
      let xml = "";
      let count = 0;
      let last = "";
      for (; at < keys.length && keys[at].startsWith(prefix) && count < max; count++) {
        const key = keys[at];
        const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
        if (cut >= 0) {
          const folder = key.slice(0, cut + delimiter.length);
          xml += `<CommonPrefixes><Prefix>${encode(folder)}</Prefix></CommonPrefixes>`;
          while (at < keys.length && keys[at].startsWith(folder)) last = keys[at++];
        } else {
          const object = /** @type {StoredObject} */ (buckets.get(call.bucket)?.get(key));
          xml += `<Contents><Key>${encode(key)}</Key><LastModified>${new Date(object.modifiedMs).toISOString()}</LastModified><ETag>${escapeXml(object.etag)}</ETag><Size>${object.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
          last = key;
          at++;
        }
      }
      const more = at < keys.length && keys[at].startsWith(prefix);
      const kind = call.fate?.kind;
      const next = kind === "repeat-token" && token !== null ? token : Buffer.from(last).toString("base64url");
      return reply(
        "ListBucketResult",
        `<Name>${call.bucket}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${count}</KeyCount><MaxKeys>${max}</MaxKeys>` +
          (query.get("encoding-type") === "url" ? "<EncodingType>url</EncodingType>" : "") +
          `<IsTruncated>${more}</IsTruncated>${more && kind !== "no-token" ? `<NextContinuationToken>${next}</NextContinuationToken>` : ""}${xml}`,
      );
    },
    CreateMultipartUpload(call) {
      const id = `upload-${++counter}`;
      uploads.set(id, {
        bucket: call.bucket,
        key: call.key,
        contentType: text(call.headers["content-type"]),
        sums: call.headers["x-amz-checksum-algorithm"] === "CRC32",
        begunMs: now(),
        parts: new Map(),
      });
      return reply(
        "InitiateMultipartUploadResult",
        `<Bucket>${call.bucket}</Bucket><Key>${escapeXml(call.key)}</Key><UploadId>${id}</UploadId>`,
      );
    },
    async UploadPart(call) {
      const number = Number(call.query.get("partNumber"));
      if (!(number >= 1 && number <= 10_000)) return error(400, "InvalidArgument");
      const received = await receive(call);
      if (!("segment" in received)) return received;
      const upload = uploadOf(call);
      if (!upload) {
        await blobs.forget([received.segment]);
        return error(404, "NoSuchUpload");
      }
      const before = upload.parts.get(number);
      if (before) await blobs.forget([before.received.segment]);
      const etag = `"${received.md5}"`;
      upload.parts.set(number, { received, etag, modifiedMs: now() });
      return { status: 200, headers: { etag, ...(upload.sums ? { "x-amz-checksum-crc32": crcBase64(received.crc) } : {}) } };
    },
    ListParts(call) {
      const upload = uploadOf(call);
      if (!upload) return error(404, "NoSuchUpload");
      const marker = Number(call.query.get("part-number-marker") ?? 0);
      const max = Math.min(1000, Number(call.query.get("max-parts") ?? 1000));
      const later = [...upload.parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
      const page = later.slice(0, max);
      return reply(
        "ListPartsResult",
        `<IsTruncated>${later.length > max}</IsTruncated>${later.length > max ? `<NextPartNumberMarker>${page.at(-1)?.[0]}</NextPartNumberMarker>` : ""}` +
          page
            .map(
              ([number, part]) =>
                `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(part.etag)}</ETag><Size>${part.received.size}</Size>${upload.sums ? `<ChecksumCRC32>${crcBase64(part.received.crc)}</ChecksumCRC32>` : ""}</Part>`,
            )
            .join(""),
      );
    },
    async CompleteMultipartUpload(call) {
      const xml = await textOf(call.body);
      const upload = uploadOf(call);
      if (!upload) return error(404, "NoSuchUpload");
      const numbers = all(xml, "PartNumber").map(Number);
      const etags = all(xml, "ETag").map((etag) => etag.replaceAll('"', ""));
      if (numbers.length === 0) return error(400, "MalformedXML");
      if (numbers.some((number, i) => i > 0 && number <= numbers[i - 1])) return error(400, "InvalidPartOrder");
      const parts = numbers.map((number) => upload.parts.get(number));
      if (parts.some((part, i) => part?.etag.replaceAll('"', "") !== etags[i])) return error(400, "InvalidPart");
      const joined = /** @type {Part[]} */ (parts);
      if (joined.some(({ received }, i) => i < joined.length - 1 && received.size < partBytesMin))
        return error(400, "EntityTooSmall");
      const refusal = precondition(call);
      if (refusal) return refusal;
      const segments = joined.map(({ received }) => received.segment);
      const size = segments.reduce((sum, segment) => sum + segment.size, 0);
      const whole = call.headers["x-amz-checksum-crc32"];
      if (whole !== undefined && call.checkSums) {
        let crc = 0;
        for await (const piece of readSegments(segments, 0, size)) crc = crc32(piece, crc);
        if (crcBase64(crc) !== whole) return error(400, "BadDigest");
      }
      const etag = `"${createHash("md5").update(etags.join(""), "hex").digest("hex")}-${joined.length}"`;
      store(call.bucket, call.key, { segments, size, etag, modifiedMs: now(), contentType: upload.contentType });
      const unused = [...upload.parts.values()]
        .map(({ received }) => received.segment)
        .filter((segment) => !segments.includes(segment));
      await blobs.forget(unused);
      uploads.delete(String(call.query.get("uploadId")));
      return reply(
        "CompleteMultipartUploadResult",
        `<Bucket>${call.bucket}</Bucket><Key>${escapeXml(call.key)}</Key><ETag>${escapeXml(etag)}</ETag>`,
      );
    },
    async AbortMultipartUpload(call) {
      const upload = uploadOf(call);
      if (!upload) return error(404, "NoSuchUpload");
      uploads.delete(String(call.query.get("uploadId")));
      await blobs.forget([...upload.parts.values()].map(({ received }) => received.segment));
      return { status: 204 };
    },
    ListMultipartUploads(call) {
      const prefix = call.query.get("prefix") ?? "";
      const encode = call.query.get("encoding-type") === "url" ? urlEncode : escapeXml;
      const found = [...uploads]
        .filter(([, upload]) => upload.bucket === call.bucket && upload.key.startsWith(prefix))
        .sort(([idA, a], [idB, b]) => Buffer.compare(Buffer.from(`${a.key}\0${idA}`), Buffer.from(`${b.key}\0${idB}`)));
      return reply(
        "ListMultipartUploadsResult",
        `<Bucket>${call.bucket}</Bucket><IsTruncated>false</IsTruncated>${call.query.get("encoding-type") === "url" ? "<EncodingType>url</EncodingType>" : ""}` +
          found
            .map(
              ([id, { key, begunMs }]) =>
                `<Upload><Key>${encode(key)}</Key><UploadId>${id}</UploadId><Initiated>${new Date(begunMs).toISOString()}</Initiated></Upload>`,
            )
            .join(""),
      );
    },
  };

  /** @param {Call} call */
  function uploadOf(call) {
    const upload = uploads.get(String(call.query.get("uploadId")));
    return upload && upload.bucket === call.bucket && upload.key === call.key ? upload : undefined;
  }

  return {
    buckets,
    uploads,
    /** @param {Call} call @returns {Promise<Reply>} */
    async answer(call) {
      const operation = operations[call.operation];
      if (!operation) return error(501, "NotImplemented");
      if (call.operation !== "CreateBucket" && !buckets.has(call.bucket)) return error(404, "NoSuchBucket");
      if (keeper && call.key !== "" && !keeper.takes(call.key)) return error(400, "InvalidArgument");
      return operation(call);
    },
    /** @param {string} bucket @param {string} key @param {Uint8Array} bytes */
    put(bucket, key, bytes) {
      const copy = Buffer.from(bytes);
      store(bucket, key, {
        segments: [{ size: copy.length, bytes: copy }],
        size: copy.length,
        etag: `"${createHash("md5").update(copy).digest("hex")}"`,
        modifiedMs: now(),
      });
    },
  };
}

/**
 * Takes the frames of `aws-chunked` off a body: `size;…\r\n data \r\n … 0\r\n trailer\r\n\r\n`.
 * @param {AsyncIterable<Buffer>} source
 * @param {Record<string, string>} trailers filled at the end
 */
export async function* decodeChunks(source, trailers) {
  /** @type {Buffer} */
  let held = Buffer.alloc(0);
  let left = 0;
  let stage = /** @type {"size" | "data" | "end" | "trailer"} */ ("size");
  for await (const piece of source) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    for (;;) {
      if (stage === "data") {
        const take = Math.min(left, held.length);
        if (take > 0) yield held.subarray(0, take);
        held = held.subarray(take);
        left -= take;
        if (left > 0) break;
        stage = "end";
      }
      const line = held.indexOf("\r\n");
      if (line < 0) break;
      const text = held.subarray(0, line).toString("latin1");
      held = held.subarray(line + 2);
      if (stage === "end") stage = "size";
      else if (stage === "size") {
        left = Number.parseInt(text, 16);
        stage = left > 0 ? "data" : "trailer";
      } else if (text.includes(":")) {
        trailers[text.slice(0, text.indexOf(":")).trim().toLowerCase()] = text.slice(text.indexOf(":") + 1).trim();
      }
    }
  }
}

/** @param {number} status @param {string} code @returns {Reply} */
export function error(status, code) {
  return { status, code };
}

/** @param {string} root @param {string} inner @returns {Reply} */
function reply(root, inner) {
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`,
  };
}

/** @param {string} code @param {string} resource */
export function errorXml(code, resource) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message><Resource>${escapeXml(resource)}</Resource><RequestId>0</RequestId></Error>`;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replace(/[&<>"'\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** @param {string} text */
function urlEncode(text) {
  return encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%20", "+");
}

/** @param {string} xml @param {string} name */
function all(xml, name) {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((match) => unescapeXml(match[1]));
}

/** @param {string} xml @param {string} name */
function one(xml, name) {
  return all(xml, name)[0];
}

/** @param {string} text */
function unescapeXml(text) {
  /** @type {Record<string, string>} */
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) =>
    hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : (named[name] ?? ""),
  );
}

/** @param {AsyncIterable<Buffer>} body */
async function textOf(body) {
  /** @type {Buffer[]} */
  const pieces = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** @param {number} crc */
function crcBase64(crc) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString("base64");
}

/** @param {string | string[] | undefined} header */
function text(header) {
  return header === undefined ? undefined : String(header);
}

/** First place of a key that is not before the wanted. @param {readonly string[]} keys @param {string} wanted */
function lowerBound(keys, wanted) {
  return bound(keys, Buffer.from(wanted), (order) => order < 0);
}

/** @param {readonly string[]} keys @param {string} wanted */
function upperBound(keys, wanted) {
  return bound(keys, Buffer.from(wanted), (order) => order <= 0);
}

/** @param {readonly string[]} keys @param {Buffer} wanted @param {(order: number) => boolean} before */
function bound(keys, wanted, before) {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(Buffer.compare(Buffer.from(keys[middle]), wanted))) low = middle + 1;
    else high = middle;
  }
  return low;
}
