import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ReadOptions } from "../../core/bytes.js";
import { combineCrc32 } from "../../core/crc32.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import type { CreateOptions, Stat, Upload, UploadPart } from "../store.js";
import { checkPart, orderedParts } from "../upload.js";
import type { S3Bucket } from "./bucket.js";
import { faultOf, notS3 } from "./errors.js";
import { base64, conditions, headObject, kindOf, putObject, refused } from "./objects.js";

interface SentPart {
  part: UploadPart;
  /** Unknown for parts of an earlier process on a server that does not keep it. */
  crc: number | undefined;
}

/** A multipart upload. Each part carries its CRC-32, and `finish` that of the whole, joined from them. */
export async function s3Upload(bucket: S3Bucket, key: string, options: CreateOptions): Promise<Upload> {
  const { ask, objectOf, summed } = bucket;
  const url = bucket.urlOf(key);
  const { token, sent } = await begin(bucket, key, options);
  let mayBeDone = false;

  async function complete(signal: AbortSignal | undefined): Promise<Stat> {
    const order = orderedParts(sent.values(), ({ part }) => part, url);
    const size = order.reduce((sum, part) => sum + part.size, 0);
    const crc = wholeCrc(order, sent);
    try {
      const reply = await summed((sum) =>
        ask(
          new CompleteMultipartUploadCommand({
            ...objectOf(key),
            UploadId: token,
            MultipartUpload: { Parts: order.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
            ...(sum && crc !== undefined ? { ChecksumCRC32: base64(crc), ChecksumType: "FULL_OBJECT" } : {}),
            ...conditions(options),
          }),
          url,
          { signal, upload: true },
        ),
      );
      if (reply.ETag === undefined) throw notS3(url);
      return { size, etag: reply.ETag };
    } catch (thrown) {
      const error = refused(thrown, url, options);
      const done = await doneBefore(error, order, size, signal);
      if (done) return done;
      mayBeDone = true;
      throw error;
    }
  }

  /**
   * An earlier attempt may have succeeded with its answer lost. Then the upload is gone, or a condition fails because of our own
   * object: compare the object with these parts.
   */
  async function doneBefore(error: unknown, order: readonly UploadPart[], size: number, signal: AbortSignal | undefined) {
    const inTheWay = mayBeDone && isEmporiumError(error) && error.code === "STORE_CONFLICT";
    if (!isGone(error) && !inTheWay) return undefined;
    const stat = await headObject(bucket, key, signal);
    const expected = joinedEtag(order);
    const same = expected === undefined ? isGone(error) : stat?.etag === expected;
    return stat?.size === size && same ? stat : undefined;
  }

  async function abort(): Promise<void> {
    try {
      await ask(new AbortMultipartUploadCommand({ ...objectOf(key), UploadId: token }), url, {});
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  return {
    key,
    token,
    partBytesMin: Math.max(LIMITS.partBytesMin, Math.ceil((options.size ?? 0) / LIMITS.partCount)),
    parts: orderedParts(sent.values(), ({ part }) => part),
    async part(number, body, { signal, crc32: crc = crc32(body) } = {}) {
      checkPart(key, number);
      const target = { ...objectOf(key), UploadId: token, PartNumber: number, Body: body, ContentLength: body.length };
      const reply = await summed((sum) =>
        ask(new UploadPartCommand({ ...target, ...(sum ? { ChecksumCRC32: base64(crc) } : {}) }), url, { signal, upload: true }),
      );
      if (reply.ETag === undefined) throw notS3(url);
      const part: UploadPart = { number, size: body.length, etag: reply.ETag };
      sent.set(number, { part, crc });
      return part;
    },
    async finish({ signal }: ReadOptions = {}) {
      if (sent.size > 0) return complete(signal);
      // S3 joins no empty list.
      const stat = await putObject(bucket, key, new Uint8Array(0), { ...options, signal });
      await abort();
      return stat;
    },
    abort,
  };
}

async function begin(
  bucket: S3Bucket,
  key: string,
  options: CreateOptions,
): Promise<{ token: string; sent: Map<number, SentPart> }> {
  const { resume, contentType, signal } = options;
  const earlier = resume === undefined ? undefined : await sentParts(bucket, key, resume, signal);
  if (earlier) return { token: resume!, sent: earlier };
  const reply = await bucket.summed((sum) =>
    bucket.ask(
      new CreateMultipartUploadCommand({
        ...bucket.objectOf(key),
        ...kindOf(bucket),
        ContentType: contentType,
        ...(sum ? { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } : {}),
      }),
      bucket.urlOf(key),
      { signal },
    ),
  );
  if (reply.UploadId === undefined) throw notS3(bucket.urlOf(key));
  return { token: reply.UploadId, sent: new Map() };
}

/** The parts of an upload that an earlier process began, or undefined when it is gone. */
async function sentParts(
  { ask, objectOf, urlOf }: S3Bucket,
  key: string,
  token: string,
  signal: AbortSignal | undefined,
): Promise<Map<number, SentPart> | undefined> {
  const sent = new Map<number, SentPart>();
  let marker: string | undefined;
  try {
    for (;;) {
      const command = new ListPartsCommand({ ...objectOf(key), UploadId: token, PartNumberMarker: marker });
      const page = await ask(command, urlOf(key), { signal });
      if (page.IsTruncated === undefined && page.UploadId === undefined) throw notS3(urlOf(key));
      for (const { PartNumber, Size, ETag, ChecksumCRC32 } of page.Parts ?? []) {
        if (PartNumber === undefined || ETag === undefined) continue;
        const crc = ChecksumCRC32 === undefined ? undefined : Buffer.from(ChecksumCRC32, "base64").readUInt32BE(0);
        sent.set(PartNumber, { part: { number: PartNumber, size: Size ?? 0, etag: ETag }, crc });
      }
      const next = page.NextPartNumberMarker;
      if (!page.IsTruncated || next === undefined || next === marker) return sent;
      marker = next;
    }
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return faultOf(error)?.code === "NoSuchUpload";
}

function wholeCrc(order: readonly UploadPart[], sent: ReadonlyMap<number, SentPart>): number | undefined {
  let whole = 0;
  for (const { number, size } of order) {
    const crc = sent.get(number)?.crc;
    if (crc === undefined) return undefined;
    whole = combineCrc32(whole, crc, size);
  }
  return whole;
}

/**
 * ETag that S3 gives to an object made of parts: the MD5 of their MD5s, and their count. Undefined where tags are no MD5s, as
 * those of encrypted parts.
 */
function joinedEtag(parts: readonly UploadPart[]): string | undefined {
  const sums = parts.map(({ etag }) => /^"?([0-9a-f]{32})"?$/.exec(etag)?.[1]);
  if (sums.some((sum) => sum === undefined)) return undefined;
  return `"${createHash("md5").update(sums.join(""), "hex").digest("hex")}-${parts.length}"`;
}
