import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { changed } from "../faults.js";
import { checkKey, checkPrefix } from "../keys.js";
import { checkRange } from "../range.js";
import { WHOLE } from "../ranged-reply.js";
import type { CreateOptions, Entry, Store, StoreReadOptions, Upload, WriteOptions } from "../store.js";
import { type S3BucketOptions, s3Bucket } from "./bucket.js";
import { listEntries, listPages, listUploads } from "./list.js";
import { deleteObject, deleteObjects, getObject, headObject, putObject, streamObject } from "./objects.js";
import { s3Upload } from "./upload.js";

/**
 * A bucket of Amazon S3 or a compatible server. The server checks a CRC-32 of each body, or of the whole for multipart objects.
 * No retries: see `withRetry`.
 */
export function s3Store(options: S3BucketOptions): Store {
  const bucket = s3Bucket(options);
  const { base, urlOf } = bucket;
  return {
    url: urlOf(""),
    features: { ranges: true, conditionalWrites: true, atomicReplace: true, writable: true },
    stat: async (key: string, { signal }: ReadOptions = {}) => headObject(bucket, key, signal),
    async read(key: string, range?: ByteRange, options: StoreReadOptions = {}) {
      const { ifMatch, signal } = options;
      if (range) checkRange(range);
      if (range?.length !== 0) return getObject(bucket, key, range ?? WHOLE, options);
      const stat = await headObject(bucket, key, signal);
      if (stat && ifMatch !== undefined && stat.etag !== ifMatch) throw changed(urlOf(key));
      return stat && new Uint8Array(0);
    },
    write: async (key: string, body: Uint8Array, writeOptions: WriteOptions = {}) => putObject(bucket, key, body, writeOptions),
    create: async (key: string, createOptions: CreateOptions = {}): Promise<Upload> => s3Upload(bucket, key, createOptions),
    async *list(prefix: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      yield* listEntries(bucket, base + checkPrefix(prefix), undefined, signal);
    },
    async *children(folder: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      const bare = checkKey(folder, "folder");
      yield* listEntries(bucket, bare === "" ? base : `${base}${bare}/`, "/", signal);
    },
    async remove(key: string, { signal }: ReadOptions = {}) {
      if (!key.endsWith("/")) return deleteObject(bucket, key, signal);
      const full = `${base}${checkKey(key, "either")}/`;
      for await (const page of listPages(bucket, full, undefined, signal)) {
        await deleteObjects(
          bucket,
          page.map((entry) => entry.key),
          urlOf(key),
          signal,
        );
      }
    },
    async *openUploads(key: string, { signal }: ReadOptions = {}) {
      const bare = key === "" ? "" : checkKey(key, "either");
      yield* listUploads(bucket, `${base}${bare}${key.endsWith("/") ? "/" : ""}`, signal);
    },
    stream: async (
      key: string,
      from?: { offset: number; length?: number | undefined },
      { ifMatch, signal }: StoreReadOptions = {},
    ) => streamObject(bucket, key, from, ifMatch, signal),
  };
}
