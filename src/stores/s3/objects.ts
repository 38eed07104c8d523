import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type ObjectCannedACL,
  PutObjectCommand,
  type StorageClass,
} from "@aws-sdk/client-s3";
import type { ByteRange } from "../../core/bytes.js";
import { throwIfCancelled } from "../../core/cancel.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { Body } from "../../net/body.js";
import { protocol } from "../../net/errors.js";
import { changed } from "../faults.js";
import { pastTheEnd, rangeHeader, readRangedReply } from "../ranged-reply.js";
import { emptyStream, type StreamFrom, streamRange, streamReply } from "../ranged-stream.js";
import type { ByteStream, Stat, StoreReadOptions, WriteOptions } from "../store.js";
import { conflict } from "../upload.js";
import type { S3Bucket } from "./bucket.js";
import { crcHeader, isProven, KEYED, type Taken } from "./direct-put.js";
import { faultOf, notS3 } from "./errors.js";

/** Objects that one request may delete: S3's rule. */
const DELETE_MAX = 1000;

/** XML cannot carry these, so such names are deleted one by one. */
const UNPRINTABLE = /[\u0000-\u001f\ufffe\uffff]/;

export async function headObject(
  { askOrNothing, objectOf, urlOf }: S3Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Stat | undefined> {
  const reply = await askOrNothing(new HeadObjectCommand(objectOf(key)), urlOf(key), { signal });
  if (!reply) return undefined;
  if (reply.ContentLength === undefined || reply.ETag === undefined) throw notS3(urlOf(key));
  return { size: reply.ContentLength, etag: reply.ETag, modifiedMs: reply.LastModified?.getTime() };
}

export async function getObject(
  bucket: S3Bucket,
  key: string,
  range: ByteRange,
  { ifMatch, room, signal }: StoreReadOptions,
): Promise<Uint8Array | undefined> {
  const { timeouts } = bucket;
  const url = bucket.urlOf(key);
  const sizeNow = async () => (await headObject(bucket, key, signal))?.size;
  const reply = await answerTo(contentNow(bucket, key, rangeHeader(range), ifMatch, signal), url);
  if (reply === "past the end") return pastTheEnd(url, range.offset, await sizeNow());
  if (!reply) return undefined;
  return readRangedReply({ url, ...reply, etag: () => reply.etag }, { ...range, ifMatch, room, signal, timeouts, sizeNow });
}

/** The body of an object or of its range, and the headers of the answer about it. */
interface Content {
  readonly contentRange: string | undefined;
  readonly contentLength: number | undefined;
  readonly etag: string;
  readonly body: Body;
}

async function contentNow(
  { ask, direct, objectOf, urlOf }: S3Bucket,
  key: string,
  range: string,
  ifMatch: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Content> {
  const [object, url] = [objectOf(key), urlOf(key)];
  throwIfCancelled(signal);
  const headers = { range, ...(ifMatch !== undefined && { "if-match": ifMatch }) };
  const got = await direct.get({ fullKey: object.Key, headers, url, signal });
  if (got) {
    const length = got.header("content-length");
    const facts = { contentRange: got.header("content-range"), contentLength: length === undefined ? undefined : Number(length) };
    return { ...facts, ...tagged(got.body, got.header("etag"), url) };
  }
  const reply = await ask(new GetObjectCommand({ ...object, Range: range, IfMatch: ifMatch }), url, { signal });
  return { contentRange: reply.ContentRange, contentLength: reply.ContentLength, ...contentOf(reply, url) };
}

/** Undefined where there is no such object. @throws {EmporiumError} STORE_CONFLICT where it is another one than was named */
function answerTo<Answer>(asked: Promise<Answer>, url: string): Promise<Answer | "past the end" | undefined> {
  return asked.catch((error: unknown) => {
    const fault = faultOf(error);
    if (fault?.status === 404 && fault.code !== "NoSuchBucket") return undefined;
    if (fault?.status === 416) return "past the end" as const;
    throw fault?.status === 412 ? changed(url) : error;
  });
}

function contentOf({ Body: stream, ETag: etag }: GetObjectCommandOutput, url: string): Pick<Content, "body" | "etag"> {
  return tagged(stream as unknown as Body, etag, url); // in Node the SDK gives the response stream itself
}

function tagged(body: Body, etag: string | undefined, url: string): Pick<Content, "body" | "etag"> {
  if (etag !== undefined) return { body, etag };
  body.destroy();
  throw notS3(url);
}

export async function streamObject(
  bucket: S3Bucket,
  key: string,
  from: StreamFrom,
  ifMatch: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ByteStream | undefined> {
  const { objectOf, urlOf, timeouts } = bucket;
  const url = urlOf(key);
  const command = new GetObjectCommand({ ...objectOf(key), Range: streamRange(from), IfMatch: ifMatch });
  const reply = await answerTo(bucket.ask(command, url, { signal }), url);
  const offset = from?.offset ?? 0;
  if (reply === "past the end") {
    const size = (await headObject(bucket, key, signal))?.size;
    if (size !== undefined && size > offset)
      throw protocol(url, `answers that byte ${offset} is past the end of ${counted(size, "byte")}`);
    return size === undefined ? undefined : emptyStream(offset, size);
  }
  if (!reply) return undefined;
  const { body, etag } = contentOf(reply, url);
  const keyed = KEYED.has(reply.ServerSideEncryption ?? "") || reply.SSECustomerAlgorithm !== undefined;
  const md5 = /^"?([0-9a-f]{32})"?$/i.exec(etag)?.[1];
  return streamReply(
    {
      url,
      contentRange: reply.ContentRange,
      contentLength: reply.ContentLength,
      etag: () => etag,
      modifiedMs: reply.LastModified?.getTime(),
      mediaType: reply.ContentType?.replace(/;.*$/s, "").trim().toLowerCase(),
      checksums: md5 === undefined || keyed ? [] : [`md5:${md5.toLowerCase()}`],
      body,
    },
    { from, ifMatch, signal, timeouts },
  );
}

export async function putObject(bucket: S3Bucket, key: string, body: Uint8Array, options: WriteOptions): Promise<Stat> {
  const { ask, short, objectOf, urlOf, summed, acl, storageClass } = bucket;
  const { contentType, ifMatch, ifAbsent, crc32, signal } = options;
  const object = objectOf(key);
  const url = urlOf(key);
  try {
    const etag = await summed(async (sum) => {
      const crc = sum ? crcHeader(body, crc32) : undefined;
      const headers = {
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(crc === undefined ? {} : { "x-amz-checksum-crc32": crc }),
        ...(acl === undefined ? {} : { "x-amz-acl": acl }),
        ...(storageClass === undefined ? {} : { "x-amz-storage-class": storageClass }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
        ...(ifAbsent ? { "if-none-match": "*" } : {}),
      };
      const quick = await short.put({ fullKey: object.Key, body, headers, url, signal });
      if (quick) return proven(quick, crc, body, url);
      const sent = {
        ...object,
        ...kindOf(bucket),
        Body: body,
        ContentType: contentType,
        ContentLength: body.length,
        ...conditions(options),
      };
      const command = new PutObjectCommand({ ...sent, ...(crc === undefined ? {} : { ChecksumCRC32: crc }) });
      const reply = await ask(command, url, { signal, upload: true });
      return proven({ etag: reply.ETag, crc32: reply.ChecksumCRC32, encryption: reply.ServerSideEncryption }, crc, body, url);
    });
    return { size: body.length, etag };
  } catch (error) {
    throw refused(error, url, options);
  }
}

/** The etag, once it is sure that the server has the bytes that were meant. */
function proven(taken: Taken, crc: string | undefined, body: Uint8Array, url: string): string {
  if (taken.etag === undefined) throw notS3(url);
  if (!isProven(taken, crc, body)) throw protocol(url, "answers with the tag of other bytes than were sent");
  return taken.etag;
}

/** Access list and storage class that the owner of a bucket wants for its objects, as fields of a command. */
export function kindOf({ acl, storageClass }: S3Bucket): { ACL?: ObjectCannedACL; StorageClass?: StorageClass } {
  return {
    ...(acl === undefined ? {} : { ACL: acl as ObjectCannedACL }),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
  };
}

export async function deleteObject(
  { askOrNothing, objectOf, urlOf }: S3Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await askOrNothing(new DeleteObjectCommand(objectOf(key)), urlOf(key), { signal });
}

/** @param fullKeys the bucket's keys. */
export async function deleteObjects(
  { ask, bucket }: S3Bucket,
  fullKeys: readonly string[],
  url: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const Key of fullKeys.filter((key) => UNPRINTABLE.test(key)))
    await ask(new DeleteObjectCommand({ Bucket: bucket, Key }), url, { signal });
  const plain = fullKeys.filter((key) => !UNPRINTABLE.test(key));
  for (let at = 0; at < plain.length; at += DELETE_MAX) {
    const Objects = plain.slice(at, at + DELETE_MAX).map((Key) => ({ Key }));
    const { Deleted = [], Errors = [] } = await ask(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }), url, {
      signal,
    });
    if (Deleted.length + Errors.length < Objects.length) throw notS3(url);
    const first = Errors[0];
    if (!first) continue;
    const denied = first.Code === "AccessDenied";
    throw new EmporiumError(
      denied ? "STORE_DENIED" : "STORE_FAILED",
      `${url}: ${counted(Errors.length, "object")} could not be removed, the first is ${first.Key} (${first.Code}: ${first.Message})`,
      { place: { url }, retry: denied ? "no" : "later" },
    );
  }
}

export function conditions({ ifMatch, ifAbsent }: WriteOptions): { IfMatch?: string; IfNoneMatch?: string } {
  return { ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }), ...(ifAbsent ? { IfNoneMatch: "*" } : {}) };
}

/** With `ifMatch`, an object that is gone is as much a conflict as one that changed. */
export function refused(error: unknown, url: string, { ifMatch }: WriteOptions): unknown {
  const fault = ifMatch === undefined ? undefined : faultOf(error);
  return fault?.status === 404 && fault.code !== "NoSuchBucket" && fault.code !== "NoSuchUpload" ? conflict(url) : error;
}

/** Four bytes, big-endian, as the checksum headers carry them. */
export function base64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString("base64");
}
