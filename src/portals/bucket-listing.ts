import { toHex } from "../core/bytes.js";
import type { Json } from "../core/json.js";
import { replyFault } from "./faults.js";
import { at, listOf, numberOf, textOf } from "./fields.js";
import type { PortalNet } from "./portal.js";
import { xmlObject } from "./xml-object.js";

interface BucketObject {
  key: string;
  size?: number | undefined;
  etag?: string | undefined;
  /** Lower-case hexadecimal, where the service states it. (S3's tag is the sum of objects that were sent in one piece.) */
  md5?: string | undefined;
  modifiedMs?: number | undefined;
}

export interface BucketLevel {
  objects: BucketObject[];
  /** End with `/`. */
  prefixes: string[];
}

/** A public bucket's level: what lies directly below a prefix. With the delimiter `""` everything below it. */
export type ListBucket = (net: PortalNet, bucket: string, prefix: string, delimiter?: "/" | "") => Promise<BucketLevel>;

/** Pages of a listing have a thousand names each: this is a hundred million. */
const PAGES_MAX = 100_000;

/** S3's ListObjectsV2, unsigned. Keys come percent-encoded, so that characters which XML has no room for arrive. */
export const listS3Level: ListBucket = async (net, bucket, prefix, delimiter = "/") => {
  const level: BucketLevel = { objects: [], prefixes: [] };
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({ "list-type": "2", prefix, delimiter, "encoding-type": "url" });
    if (token !== undefined) query.set("continuation-token", token);
    const url = `https://${bucket}.s3.amazonaws.com/?${query}`;
    const reply = xmlObject(await net.getText(url), url);
    const result = at(reply, "ListBucketResult");
    if (result === undefined) throw replyFault(url, `expected an S3 listing, found <${Object.keys(reply)[0]}>`);
    const encoded = textOf(at(result, "EncodingType")) === "url";
    const key = (value: Json | undefined) => {
      const text = typeof value === "string" ? value : "";
      return encoded ? decodeKey(text, url) : text;
    };
    for (const item of listOf(at(result, "CommonPrefixes"))) level.prefixes.push(key(at(item, "Prefix")));
    for (const item of listOf(at(result, "Contents"))) {
      level.objects.push({
        key: key(at(item, "Key")),
        size: numberOf(at(item, "Size")),
        etag: textOf(at(item, "ETag")),
        md5: /^"?([0-9a-f]{32})"?$/.exec(textOf(at(item, "ETag")) ?? "")?.[1],
        modifiedMs: dateOf(at(item, "LastModified")),
      });
    }
    const next = textOf(at(result, "NextContinuationToken"));
    if (textOf(at(result, "IsTruncated")) !== "true") return level;
    if (next === undefined || next === token) throw replyFault(url, "a listing that goes on says not where");
    token = next;
  }
  throw replyFault(`https://${bucket}.s3.amazonaws.com/`, `a listing of more than ${PAGES_MAX} pages`);
};

/** Google's JSON interface, without an account. */
export const listGcsLevel: ListBucket = async (net, bucket, prefix, delimiter = "/") => {
  const level: BucketLevel = { objects: [], prefixes: [] };
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({ prefix, delimiter });
    if (token !== undefined) query.set("pageToken", token);
    const url = `https://storage.googleapis.com/storage/v1/b/${bucket}/o?${query}`;
    const result = await net.getJson(url);
    for (const item of listOf(at(result, "prefixes"))) if (typeof item === "string") level.prefixes.push(item);
    for (const item of listOf(at(result, "items"))) {
      const key = at(item, "name");
      if (typeof key !== "string") continue;
      level.objects.push({
        key,
        size: numberOf(at(item, "size")),
        etag: textOf(at(item, "etag")),
        md5: hexOf(textOf(at(item, "md5Hash"))),
        modifiedMs: dateOf(at(item, "updated")),
      });
    }
    const next = textOf(at(result, "nextPageToken"));
    if (next === undefined) return level;
    if (next === token) throw replyFault(url, "a listing that goes on says not where");
    token = next;
  }
  throw replyFault(`https://storage.googleapis.com/${bucket}`, `a listing of more than ${PAGES_MAX} pages`);
};

function decodeKey(text: string, url: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw replyFault(url, `the key ${JSON.stringify(text.slice(0, 80))} is not percent-encoded as it says`, cause);
  }
}

/** The 16 bytes of a sum in base64. */
function hexOf(base64: string | undefined): string | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(base64)) return undefined;
  return toHex(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

function dateOf(value: Json | undefined): number | undefined {
  const ms = Date.parse(textOf(value) ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}
