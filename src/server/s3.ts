import { XMLBuilder } from "fast-xml-parser";
import { isEmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import type { Entry, Store } from "../stores/store.js";
import { quotedEtag } from "./conditions.js";
import type { Handler } from "./handler.js";
import type { PieceBudget } from "./piece-budget.js";
import { type Found, walk } from "./s3-walk.js";
import { staticFiles } from "./static.js";

export interface S3Options {
  /** The only bucket that there is. */
  bucket: string;
  /** Names of this server, without ports. At `BUCKET.NAME` the path is a key: by default many clients send such requests. */
  hosts?: readonly string[] | undefined;
  /** As those of `staticFiles`. */
  pieces?: PieceBudget | undefined;
  log?: Log | undefined;
}

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const KEYS_MAX = 1000;
const TYPE = { "content-type": "application/xml" };
/** Sub-resources that nobody who only reads objects asks for. */
const NOT_HERE = new RegExp(
  `^(?:${[
    "accelerate|acl|analytics|attributes|cors|encryption|intelligent-tiering|inventory|legal-hold|lifecycle|logging|metrics",
    "metadataTable|notification|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|replication|requestPayment",
    "retention|session|tagging|torrent|uploadId|uploads|versions|website",
  ].join("|")})$`,
);

type Words = Record<string, unknown>;
const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@", suppressEmptyNode: true });

/**
 * The part of S3 that readers need, of one bucket: `ListObjectsV2` (and the first `ListObjects`), `HeadObject`, `GetObject` with
 * ranges and conditions, `HeadBucket`, `GetBucketLocation`, `ListBuckets`. Signatures are not checked: everybody who reaches the
 * server may read everything. `Request.url` must hold the whole query.
 *
 * Source: the API reference of S3; shapes of errors and listings as boto3 and the AWS command line expect them.
 */
export function readOnlyS3(store: Store, { bucket, hosts = [], pieces, log = silentLog }: S3Options): Handler {
  const files = staticFiles(store, { pieces, log });
  const bucketHosts = new Set(hosts.map((host) => `${bucket}.${host}`));
  return async (request, path) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuseS3Writing();
    }
    const host = request.headers.get("host")?.toLowerCase().replace(/:\d+$/, "");
    const [named, rest] = host !== undefined && bucketHosts.has(host) ? [bucket, path] : parted(path);
    const query = new URL(request.url).searchParams;
    if (named === "" && rest === "") return listBuckets(bucket);
    if (named !== bucket) return errorResponse(request, 404, "NoSuchBucket", "The specified bucket does not exist");
    const other = [...query.keys()].find((name) => NOT_HERE.test(name));
    if (other !== undefined) return errorResponse(request, 501, "NotImplemented", "the server is read-only");
    try {
      if (rest !== "") return await object(files, request, rest);
      if (request.method === "HEAD") return new Response(null, { headers: { "x-amz-bucket-region": "us-east-1" } });
      if (query.has("location")) return answer({ LocationConstraint: { "@xmlns": NAMESPACE } });
      if (query.has("versioning")) return answer({ VersioningConfiguration: { "@xmlns": NAMESPACE } });
      return await listObjects(store, bucket, query, request.signal);
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      log.warn(error.message, { code: error.code });
      if (error.code === "STORE_DENIED") return errorResponse(request, 403, "AccessDenied", "Access Denied");
      return errorResponse(request, 503, "SlowDown", "the store cannot be read just now");
    }
  };
}

/** The answer to write requests. */
export function refuseS3Writing(): Response {
  return error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.", {
    allow: "GET, HEAD, OPTIONS",
  });
}

/** The bucket and the key, still encoded, of a path that names both. */
function parted(path: string): [bucket: string, key: string] {
  const slash = path.indexOf("/");
  return slash < 0 ? [decoded(path), ""] : [decoded(path.slice(0, slash)), path.slice(slash + 1)];
}

/** Objects are served like files; only errors have S3's format. */
async function object(files: Handler, request: Request, path: string): Promise<Response> {
  const response = await files(request, path);
  if (response.status < 400) return response;
  await response.body?.cancel();
  switch (response.status) {
    case 400: // no name that a store could have
    case 404:
      return errorResponse(request, 404, "NoSuchKey", "The specified key does not exist.");
    case 403:
      return errorResponse(request, 403, "AccessDenied", "Access Denied");
    case 412:
      return errorResponse(request, 412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.");
    case 416:
      return errorResponse(request, 416, "InvalidRange", "The requested range is not satisfiable", {
        "content-range": response.headers.get("content-range") ?? "",
      });
    case 503:
      return errorResponse(request, 503, "SlowDown", "Please reduce your request rate.");
    default:
      return errorResponse(request, 500, "InternalError", "We encountered an internal error. Please try again.");
  }
}

async function listObjects(store: Store, bucket: string, query: URLSearchParams, signal: AbortSignal): Promise<Response> {
  const isSecond = query.get("list-type") === "2";
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") || undefined;
  const token = query.get("continuation-token") ?? undefined;
  const wanted = query.get("max-keys");
  if (wanted !== null && !/^\d{1,9}$/.test(wanted)) return invalid("max-keys is a whole number from 0");
  const encoding = query.get("encoding-type");
  if (encoding !== null && encoding !== "url") return invalid("Invalid Encoding Method specified in Request");
  const start = isSecond ? (query.get("start-after") ?? undefined) : (query.get("marker") ?? undefined);
  const from = token === undefined ? start : fromToken(token);
  if (token !== undefined && from === undefined) return invalid("The continuation token provided is incorrect");
  const limit = Math.min(KEYS_MAX, Number(wanted ?? KEYS_MAX));

  const { found, isTruncated } = await page(store, { prefix, delimiter, after: from, limit, signal });
  const spelt = (key: string) => (encoding === "url" ? encodeURIComponent(key).replace(/%2F/g, "/") : key);
  const last = found.at(-1);
  const lastKey = last && ("entry" in last ? last.entry.key : last.prefix);
  const objects = found.flatMap((one) => ("entry" in one ? [contents(one.entry, spelt)] : []));
  const prefixes = found.flatMap((one) => ("prefix" in one ? [{ Prefix: spelt(one.prefix) }] : []));
  return answer({
    ListBucketResult: {
      "@xmlns": NAMESPACE,
      Name: bucket,
      Prefix: spelt(prefix),
      ...(delimiter === undefined ? {} : { Delimiter: spelt(delimiter) }),
      ...(encoding === null ? {} : { EncodingType: encoding }),
      MaxKeys: limit,
      IsTruncated: isTruncated,
      ...(isSecond
        ? {
            KeyCount: found.length,
            ...(start === undefined ? {} : { StartAfter: spelt(start) }),
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(isTruncated ? { NextContinuationToken: toToken(lastKey!) } : {}),
          }
        : { Marker: spelt(start ?? ""), ...(isTruncated ? { NextMarker: spelt(lastKey!) } : {}) }),
      Contents: objects,
      CommonPrefixes: prefixes,
    },
  });
}

interface PageOptions {
  prefix: string;
  delimiter: string | undefined;
  after: string | undefined;
  limit: number;
  signal: AbortSignal;
}

async function page(store: Store, { limit, ...where }: PageOptions): Promise<{ found: Found[]; isTruncated: boolean }> {
  const found: Found[] = [];
  if (limit === 0) return { found, isTruncated: false };
  try {
    for await (const one of walk(store, where)) {
      if (found.length === limit) return { found, isTruncated: true };
      found.push(one);
    }
  } catch (error) {
    // nothing has a name that no store could have
    if (!isEmporiumError(error) || error.code !== "NAME_UNSAFE") throw error;
  }
  return { found, isTruncated: false };
}

function contents({ key, size, etag, modifiedMs }: Entry, spelt: (key: string) => string): Words {
  return {
    Key: spelt(key),
    LastModified: new Date(modifiedMs ?? 0).toISOString(),
    ...(etag === undefined ? {} : { ETag: quotedEtag(etag) }),
    Size: size,
    StorageClass: "STANDARD",
  };
}

function listBuckets(bucket: string): Response {
  return answer({
    ListAllMyBucketsResult: {
      "@xmlns": NAMESPACE,
      Owner: { ID: "emporium" },
      Buckets: { Bucket: { Name: bucket, CreationDate: new Date(0).toISOString() } },
    },
  });
}

function answer(document: Words): Response {
  const headers = {
    ...TYPE,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${spelledOut(builder.build(document))}`, { headers });
}

/** Escapes as S3 does: keys may contain control characters, which XML lacks, and carriage returns, which readers convert. */
function spelledOut(xml: string): string {
  return xml.replace(/[\u0001-\u0008\u000b-\u001f\ufffe\uffff]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`);
}

function invalid(message: string): Response {
  return error(400, "InvalidArgument", message);
}

function errorResponse(
  request: Request,
  status: number,
  code: string,
  message: string,
  headers?: Record<string, string>,
): Response {
  const response = error(status, code, message, headers);
  return request.method === "HEAD" ? new Response(null, { status, headers: response.headers }) : response;
}

function error(status: number, code: string, message: string, headers: Record<string, string> = {}): Response {
  const document = builder.build({ Error: { Code: code, Message: message } });
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${document}`, {
    status,
    headers: { ...TYPE, "x-content-type-options": "nosniff", ...headers },
  });
}

function toToken(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

function fromToken(token: string): string | undefined {
  const key = Buffer.from(token, "base64url").toString("utf8");
  return key !== "" && toToken(key) === token ? key : undefined;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return "\0";
  }
}
