import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ByteRange, ReadOptions } from "../core/bytes.js";
import { type Clock, systemClock } from "../core/clock.js";
import { combineCrc32 } from "../core/crc32.js";
import { EmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { throwIfCancelled } from "./cancel.js";
import { checkKey, checkPrefix, compareKeys } from "./keys.js";
import { type Body, PATIENCE, type Patience, protocol } from "./network.js";
import { checkRange } from "./range.js";
import { pastTheEnd, rangeHeader, readRangedReply, WHOLE } from "./ranged-reply.js";
import { type S3Access, s3Client } from "./s3-client.js";
import { faultOf, notS3 } from "./s3-errors.js";
import type { CreateOptions, Entry, Stat, Store, StoreReadOptions, Upload, UploadPart, WriteOptions } from "./store.js";
import { changed, checkPart, conflict, orderedParts } from "./upload.js";

export interface S3StoreOptions extends S3Access {
  /** Keys of the store are below this, without a last `/`; `""` is the whole bucket. */
  prefix?: string | undefined;
  patience?: Partial<Patience> | undefined;
  clock?: Clock | undefined;
}

/** Objects that one request may delete: S3's rule. */
const DELETE_MAX = 1000;

/** Codes by which servers refuse checksums that they do not know. */
const CHECKSUM_REFUSED = new Set(["NotImplemented", "InvalidArgument", "InvalidRequest", "XNotImplemented"]);

interface SentPart {
  part: UploadPart;
  crc: number | undefined;
}

/**
 * A bucket of Amazon S3 or of a server that speaks its language. Bodies carry a CRC-32 that the server checks, objects made of parts
 * one of the whole. The SDK tries everything once: trying again is the business of `withRetry`.
 */
export function s3Store(options: S3StoreOptions): Store {
  const { bucket, prefix = "", clock = systemClock } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const base = prefix === "" ? "" : `${prefix}/`;
  const root = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const urlOf = (key: string) => (key === "" ? root : `${root}/${key}`);
  const { ask, askOrNothing } = s3Client(options, patience, clock);
  let checksums = true;

  const objectOf = (key: string) => {
    const full = base + checkKey(key);
    if (full.length > 1024 / 3 && Buffer.byteLength(full) > 1024) {
      throw new EmporiumError("NAME_UNSAFE", `${urlOf(key)}: the key has ${Buffer.byteLength(full)} bytes, S3 allows 1024`, {
        place: { url: urlOf(key) },
        hint: "shorten the name or its folders",
      });
    }
    return { Bucket: bucket, Key: full };
  };

  /** Runs a call with checksums, and without them from the first time that the server turns out not to know them. */
  async function summed<T>(call: (sum: boolean) => Promise<T>): Promise<T> {
    if (!checksums) return call(false);
    try {
      return await call(true);
    } catch (error) {
      const fault = faultOf(error);
      if (!fault || !CHECKSUM_REFUSED.has(fault.code)) throw error;
      const result = await call(false);
      checksums = false;
      return result;
    }
  }

  async function statNow(key: string, signal: AbortSignal | undefined): Promise<Stat | undefined> {
    const reply = await askOrNothing(new HeadObjectCommand(objectOf(key)), urlOf(key), { signal });
    if (!reply) return undefined;
    if (reply.ContentLength === undefined || reply.ETag === undefined) throw notS3(urlOf(key));
    return { size: reply.ContentLength, etag: reply.ETag, modifiedMs: reply.LastModified?.getTime() };
  }

  async function readNow(key: string, range: ByteRange, ifMatch: string | undefined, signal: AbortSignal | undefined) {
    const url = urlOf(key);
    const sizeNow = async () => (await statNow(key, signal))?.size;
    let reply: Awaited<ReturnType<typeof get>>;
    const get = () =>
      askOrNothing(new GetObjectCommand({ ...objectOf(key), Range: rangeHeader(range), IfMatch: ifMatch }), url, { signal });
    try {
      reply = await get();
    } catch (error) {
      const status = faultOf(error)?.status;
      if (status === 416) return pastTheEnd(url, range.offset, await sizeNow());
      if (status === 412) throw changed(url);
      throw error;
    }
    if (!reply) return undefined;
    const body = reply.Body as unknown as Body; // in Node the SDK gives the response stream itself
    const etag = reply.ETag;
    if (etag === undefined) {
      body.destroy();
      throw notS3(url);
    }
    return readRangedReply(
      {
        url,
        contentRange: reply.ContentRange,
        contentLength: reply.ContentLength,
        etag: () => etag,
        body,
      },
      { ...range, ifMatch, signal, patience, sizeNow },
    );
  }

  async function put(key: string, body: Uint8Array, { ifMatch, ifAbsent, contentType, signal }: WriteOptions): Promise<Stat> {
    const url = urlOf(key);
    const object = {
      ...objectOf(key),
      Body: body,
      ContentType: contentType,
      ContentLength: body.length,
      ...conditions({ ifMatch, ifAbsent }),
    };
    try {
      const reply = await summed((sum) =>
        ask(new PutObjectCommand({ ...object, ...(sum ? { ChecksumCRC32: base64(crc32(body)) } : {}) }), url, {
          signal,
          upload: true,
        }),
      );
      if (reply.ETag === undefined) throw notS3(url);
      return { size: body.length, etag: reply.ETag };
    } catch (error) {
      throw conditional(error, url, ifMatch);
    }
  }

  async function* pages(full: string, delimiter: string | undefined, signal: AbortSignal | undefined) {
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

  async function* entries(full: string, delimiter: string | undefined, signal: AbortSignal | undefined): AsyncGenerator<Entry> {
    let last: string | undefined;
    for await (const page of pages(full, delimiter, signal)) {
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

  async function* uploadsOf(full: string, signal: AbortSignal | undefined): AsyncGenerator<{ key: string; token: string }> {
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
      for (const { Key, UploadId } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined) continue;
        const key = plain(Key);
        if (full === "" || full.endsWith("/") ? key.startsWith(full) : key === full)
          yield { key: key.slice(base.length), token: UploadId };
      }
      if (!page.IsTruncated) return;
      const next = { KeyMarker: page.NextKeyMarker && plain(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker };
      if (next.KeyMarker === marks.KeyMarker && next.UploadIdMarker === marks.UploadIdMarker) {
        throw protocol(urlOf(""), "repeats a page of its list of uploads", undefined, "no");
      }
      marks = next;
    }
  }

  async function sentParts(
    key: string,
    token: string,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, SentPart> | undefined> {
    const sent = new Map<number, SentPart>();
    let marker: string | undefined;
    try {
      for (;;) {
        const page = await ask(
          new ListPartsCommand({ ...objectOf(key), UploadId: token, PartNumberMarker: marker }),
          urlOf(key),
          { signal },
        );
        for (const { PartNumber, Size, ETag, ChecksumCRC32 } of page.Parts ?? []) {
          if (PartNumber === undefined || ETag === undefined) continue;
          const crc = ChecksumCRC32 === undefined ? undefined : Buffer.from(ChecksumCRC32, "base64").readUInt32BE(0);
          sent.set(PartNumber, { part: { number: PartNumber, size: Size ?? 0, etag: ETag }, crc });
        }
        if (!page.IsTruncated || page.NextPartNumberMarker === undefined || page.NextPartNumberMarker === marker) return sent;
        marker = page.NextPartNumberMarker;
      }
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  async function open(
    key: string,
    { resume, contentType, signal }: CreateOptions,
  ): Promise<{ token: string; sent: Map<number, SentPart> }> {
    const earlier = resume === undefined ? undefined : await sentParts(key, resume, signal);
    if (earlier) return { token: resume!, sent: earlier };
    const reply = await summed((sum) =>
      ask(
        new CreateMultipartUploadCommand({
          ...objectOf(key),
          ContentType: contentType,
          ...(sum ? { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } : {}),
        }),
        urlOf(key),
        { signal },
      ),
    );
    if (reply.UploadId === undefined) throw notS3(urlOf(key));
    return { token: reply.UploadId, sent: new Map() };
  }

  async function complete(
    key: string,
    token: string,
    sent: Map<number, SentPart>,
    options: CreateOptions,
    signal: AbortSignal | undefined,
  ) {
    const order = orderedParts(sent.values(), ({ part }) => part, urlOf(key));
    const size = order.reduce((sum, part) => sum + part.size, 0);
    const crcs = order.map(({ number }) => sent.get(number)!.crc);
    const whole = crcs.every((crc) => crc !== undefined)
      ? order.reduce((crc, part, i) => combineCrc32(crc, crcs[i]!, part.size), 0)
      : undefined;
    try {
      const reply = await ask(
        new CompleteMultipartUploadCommand({
          ...objectOf(key),
          UploadId: token,
          MultipartUpload: { Parts: order.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
          ...(checksums && whole !== undefined ? { ChecksumCRC32: base64(whole), ChecksumType: "FULL_OBJECT" } : {}),
          ...conditions(options),
        }),
        urlOf(key),
        { signal, upload: true },
      );
      if (reply.ETag === undefined) throw notS3(urlOf(key));
      return { size, etag: reply.ETag };
    } catch (error) {
      if (!isGone(error)) throw conditional(error, urlOf(key), options.ifMatch);
      // The answer to an earlier try may have been lost: then the object is there, made of just these parts.
      const stat = await statNow(key, signal);
      const expected = joinedEtag(order);
      if (stat && stat.size === size && (expected === undefined || stat.etag === expected)) return stat;
      throw error;
    }
  }

  return {
    url: root,
    features: { ranges: true, conditionalWrites: true, atomicReplace: true, writable: true },
    stat: (key: string, { signal }: ReadOptions = {}) => statNow(key, signal),
    async read(key: string, range?: ByteRange, { ifMatch, signal }: StoreReadOptions = {}) {
      if (range) checkRange(range);
      if (range?.length !== 0) return readNow(key, range ?? WHOLE, ifMatch, signal);
      const stat = await statNow(key, signal);
      if (stat && ifMatch !== undefined && stat.etag !== ifMatch) throw changed(urlOf(key));
      return stat && new Uint8Array(0);
    },
    write: (key: string, body: Uint8Array, writeOptions: WriteOptions = {}) => put(key, body, writeOptions),
    async create(key: string, createOptions: CreateOptions = {}): Promise<Upload> {
      const { token, sent } = await open(key, createOptions);
      const url = urlOf(key);
      const abort = async () => {
        try {
          await ask(new AbortMultipartUploadCommand({ ...objectOf(key), UploadId: token }), url, {});
        } catch (error) {
          if (!isGone(error)) throw error;
        }
      };
      return {
        key,
        token,
        partBytesMin: Math.max(LIMITS.partBytesMin, Math.ceil((createOptions.size ?? 0) / LIMITS.partCount)),
        parts: orderedParts(sent.values(), ({ part }) => part),
        async part(number, body, { signal }: ReadOptions = {}) {
          checkPart(key, number);
          const crc = crc32(body);
          const target = { ...objectOf(key), UploadId: token, PartNumber: number, Body: body, ContentLength: body.length };
          const reply = await summed((sum) =>
            ask(new UploadPartCommand({ ...target, ...(sum ? { ChecksumCRC32: base64(crc) } : {}) }), url, {
              signal,
              upload: true,
            }),
          );
          if (reply.ETag === undefined) throw notS3(url);
          const part: UploadPart = { number, size: body.length, etag: reply.ETag };
          sent.set(number, { part, crc });
          return part;
        },
        async finish({ signal }: ReadOptions = {}) {
          if (sent.size > 0) return complete(key, token, sent, createOptions, signal);
          // S3 joins no empty list.
          const stat = await put(key, new Uint8Array(0), { ...createOptions, signal });
          await abort();
          return stat;
        },
        abort,
      };
    },
    async *list(keyPrefix: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      yield* entries(base + checkPrefix(keyPrefix), undefined, signal);
    },
    async *children(folder: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      const bare = checkKey(folder, "folder");
      yield* entries(bare === "" ? base : `${base}${bare}/`, "/", signal);
    },
    async remove(key: string, { signal }: ReadOptions = {}) {
      if (!key.endsWith("/")) {
        await askOrNothing(new DeleteObjectCommand(objectOf(key)), urlOf(key), { signal });
        return;
      }
      const full = `${base}${checkKey(key, "folder")}/`;
      for await (const page of pages(full, undefined, signal)) await removeAll(page);

      async function removeAll(page: readonly Entry[]): Promise<void> {
        const keys = page.map((entry) => entry.key);
        // XML cannot carry control characters, so such names go one by one.
        const odd = keys.filter((name) => UNPRINTABLE.test(name));
        const plain = keys.filter((name) => !UNPRINTABLE.test(name));
        for (const name of odd) await ask(new DeleteObjectCommand({ Bucket: bucket, Key: name }), urlOf(key), { signal });
        for (let at = 0; at < plain.length; at += DELETE_MAX) {
          const Objects = plain.slice(at, at + DELETE_MAX).map((Key) => ({ Key }));
          const reply = await ask(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }), urlOf(key), { signal });
          if ((reply.Deleted?.length ?? 0) + (reply.Errors?.length ?? 0) < Objects.length) throw notS3(urlOf(key));
          const failed = reply.Errors?.[0];
          if (!failed) continue;
          throw new EmporiumError(
            failed.Code === "AccessDenied" ? "STORE_DENIED" : "STORE_FAILED",
            `${urlOf(key)}: ${reply.Errors!.length} objects could not be removed, the first is ${failed.Key} (${failed.Code}: ${failed.Message})`,
            { place: { url: urlOf(key) }, retry: failed.Code === "AccessDenied" ? "no" : "later" },
          );
        }
      }
    },
    async *openUploads(key: string, { signal }: ReadOptions = {}) {
      const bare = key === "" ? "" : checkKey(key, "either");
      yield* uploadsOf(`${base}${bare}${key.endsWith("/") ? "/" : ""}`, signal);
    },
  };
}

const UNPRINTABLE = /[\u0000-\u001f\ufffe\uffff]/;

function conditions({ ifMatch, ifAbsent }: WriteOptions): { IfMatch?: string; IfNoneMatch?: string } {
  return { ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }), ...(ifAbsent ? { IfNoneMatch: "*" } : {}) };
}

/** With `ifMatch`, an object that is gone is as much a conflict as one that changed. */
function conditional(error: unknown, url: string, ifMatch: string | undefined): unknown {
  const fault = ifMatch === undefined ? undefined : faultOf(error);
  return fault?.status === 404 && fault.code !== "NoSuchBucket" && fault.code !== "NoSuchUpload" ? conflict(url) : error;
}

function isGone(error: unknown): boolean {
  return faultOf(error)?.code === "NoSuchUpload";
}

/** What S3 calls an object made of parts: the MD5 of their MD5s, and their count. Encrypted parts have other tags. */
function joinedEtag(parts: readonly UploadPart[]): string | undefined {
  const sums = parts.map(({ etag }) => /^"?([0-9a-f]{32})"?$/.exec(etag)?.[1]);
  if (sums.some((sum) => sum === undefined)) return undefined;
  return `"${createHash("md5").update(sums.join(""), "hex").digest("hex")}-${parts.length}"`;
}

/** Four bytes, big-endian, as the checksum headers carry them. */
function base64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString("base64");
}

/** Keys of a listing travel percent-encoded, because XML cannot carry every character; some servers ignore the wish and say so. */
function decoder(encoding: string | undefined): (text: string) => string {
  return encoding === "url" ? (text) => decodeURIComponent(text.replaceAll("+", " ")) : (text) => text;
}
