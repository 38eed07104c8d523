import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { throwIfCancelled } from "../../core/cancel.js";
import { protocol } from "../../net/errors.js";
import { compareKeys } from "../keys.js";
import type { Entry, OpenUpload } from "../store.js";
import type { S3Bucket } from "./bucket.js";
import { notS3 } from "./errors.js";

/** Pages as the server gives them: objects and, with a delimiter, folders. Keys are the bucket's. */
export async function* listPages(
  { ask, urlOf, bucket, base }: S3Bucket,
  full: string,
  delimiter: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry[]> {
  const seen = new Set<string>();
  let token: string | undefined;
  let after: string | undefined;
  for (;;) {
    throwIfCancelled(signal);
    const page = await ask(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: full,
        Delimiter: delimiter,
        ContinuationToken: token,
        StartAfter: token === undefined ? after : undefined,
        EncodingType: "url",
      }),
      urlOf(full.slice(base.length)),
      { signal },
    );
    if (page.IsTruncated === undefined && page.Name === undefined) throw notS3(urlOf(full.slice(base.length)));
    const plain = decoder(page.EncodingType);
    const entries: Entry[] = [
      ...(page.Contents ?? []).map((object) => ({
        key: plain(object.Key ?? ""),
        size: object.Size ?? 0,
        etag: object.ETag,
        modifiedMs: object.LastModified?.getTime(),
      })),
      ...(page.CommonPrefixes ?? []).map((folder) => ({ key: plain(folder.Prefix ?? ""), size: 0 })),
    ];
    yield entries;
    if (!page.IsTruncated) return;
    token = page.NextContinuationToken;
    // A server that says "more" without saying where goes on after the last key; one that repeats itself would never end.
    if (token === undefined) after = entries.reduce((last, { key }) => (last !== undefined && last > key ? last : key), after);
    const mark = token ?? `after ${after}`;
    if (seen.has(mark) || after === "")
      throw protocol(urlOf(full.slice(base.length)), "repeats a page of its listing", undefined, "no");
    seen.add(mark);
  }
}

/** Entries in key order, each once, with the store's keys. Leaves out empty objects named like folders, which consoles make. */
export async function* listEntries(
  bucket: S3Bucket,
  full: string,
  delimiter: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry> {
  const { base } = bucket;
  let last: string | undefined;
  for await (const page of listPages(bucket, full, delimiter, signal)) {
    // Objects and folders come in two lists, each sorted.
    if (delimiter !== undefined) page.sort((a, b) => compareKeys(a.key, b.key));
    for (const entry of page) {
      const marker = entry.key.endsWith("/") && (delimiter === undefined || entry.key === full);
      if (entry.key === last || marker || !entry.key.startsWith(base)) continue;
      last = entry.key;
      yield { ...entry, key: entry.key.slice(base.length) };
    }
  }
}

/** Uploads that were begun of a key, or of all below a prefix that is empty or ends with `/`. */
export async function* listUploads(
  { ask, urlOf, bucket, base }: S3Bucket,
  full: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<OpenUpload> {
  let marks: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    throwIfCancelled(signal);
    const page = await ask(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: full, EncodingType: "url", ...marks }),
      urlOf(full.slice(base.length)),
      { signal },
    );
    if (page.IsTruncated === undefined && page.Bucket === undefined) throw notS3(urlOf(""));
    const plain = decoder(page.EncodingType);
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      const key = plain(Key);
      if (full === "" || full.endsWith("/") ? key.startsWith(full) : key === full)
        yield { key: key.slice(base.length), token: UploadId, ...(Initiated && { begunMs: Initiated.getTime() }) };
    }
    if (!page.IsTruncated) return;
    const next = { KeyMarker: page.NextKeyMarker && plain(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker };
    if (next.KeyMarker === marks.KeyMarker && next.UploadIdMarker === marks.UploadIdMarker) {
      throw protocol(urlOf(""), "repeats a page of its list of uploads", undefined, "no");
    }
    marks = next;
  }
}

/** Listings return percent-encoded keys, since XML cannot hold every character. Servers that ignore the parameter say so. */
function decoder(encoding: string | undefined): (text: string) => string {
  return encoding === "url" ? (text) => decodeURIComponent(text.replaceAll("+", " ")) : (text) => text;
}
