import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { partBytesFor } from "../../../engine/atomic.js";
import { throwIfCancelled } from "../../../stores/cancel.js";
import { fileError } from "../../../stores/file-errors.js";
import type { Entry, Store } from "../../../stores/store.js";

const MiB = 1024 * 1024;
const BLOCK_BYTES = 4 * MiB;

/** Sizes of parts that uploaders take: aws, the SDKs, s5cmd, rclone. An object's tag tells how many parts it has, not how large they are. */
const PART_SIZES = [8, 5, 16, 10, 15, 20, 25, 32, 50, 64, 100, 128, 200, 256, 512].map((size) => size * MiB);

/**
 * Whether a file has the bytes of an object of the same size. Answered from the object's tag where that is an MD5, or one of the MD5s of parts; else
 * the object is read.
 */
export async function sameAsObject(
  file: { path: string; size: number },
  entry: Entry,
  target: Store,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const tag = /^"?([0-9a-f]{32})(?:-(\d+))?"?$/.exec(entry.etag ?? "");
  if (tag && !target.local) {
    const [, sum, count] = tag;
    if (count === undefined) {
      if ((await joinedMd5(file.path, file.size, [Number.POSITIVE_INFINITY], signal)).includes(sum!)) return true;
    } else {
      const parts = Number(count);
      const sizes = [...new Set([partBytesFor(file.size, 0), ...PART_SIZES])].filter(
        (bytes) => Math.max(1, Math.ceil(file.size / bytes)) === parts,
      );
      if (sizes.length > 0 && (await joinedMd5(file.path, file.size, sizes, signal)).includes(sum!)) return true;
    }
  }
  // Encrypted objects have tags that look like an MD5 and are none.
  return sameBytes(file, entry, target, signal);
}

/** For each size of parts the tag that S3 would give, without its count: the MD5 of the parts' MD5s, or of the whole. One reading of the file. */
async function joinedMd5(
  path: string,
  size: number,
  partSizes: readonly number[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const sums = partSizes.map((partBytes) => ({ partBytes, whole: createHash("md5"), part: createHash("md5"), left: partBytes }));
  for await (const block of blocksOf(path, size, signal)) {
    for (const sum of sums) {
      if (sum.partBytes === Number.POSITIVE_INFINITY) {
        sum.whole.update(block);
        continue;
      }
      for (let at = 0; at < block.length; ) {
        const piece = block.subarray(at, at + Math.min(sum.left, block.length - at));
        sum.part.update(piece);
        sum.left -= piece.length;
        at += piece.length;
        if (sum.left > 0) continue;
        sum.whole.update(sum.part.digest());
        Object.assign(sum, { part: createHash("md5"), left: sum.partBytes });
      }
    }
  }
  return sums.map(({ partBytes, whole, part, left }) => {
    if (left < partBytes) whole.update(part.digest());
    return whole.digest("hex");
  });
}

async function sameBytes(
  file: { path: string; size: number },
  entry: Entry,
  target: Store,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let at = 0;
  for await (const block of blocksOf(file.path, file.size, signal)) {
    const stored = await target.read(entry.key, { offset: at, length: block.length }, { signal });
    if (!stored || stored.length !== block.length || Buffer.compare(stored, block) !== 0) return false;
    at += block.length;
  }
  return true;
}

/** Two files of the same size. */
export async function sameFiles(a: string, b: string, signal: AbortSignal | undefined): Promise<boolean> {
  const [left, right] = [blocksOf(a, undefined, signal), blocksOf(b, undefined, signal)];
  try {
    for (;;) {
      const [one, other] = await Promise.all([left.next(), right.next()]);
      if (one.done || other.done) return one.done === other.done;
      if (Buffer.compare(one.value, other.value) !== 0) return false;
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
}

/** A file in blocks; each is good until the next is asked for. @throws {EmporiumError} SOURCE_CHANGED where it has another size than expected. */
async function* blocksOf(path: string, size: number | undefined, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(error, path, "read");
  });
  try {
    const block = Buffer.allocUnsafeSlow(Math.max(1, Math.min(BLOCK_BYTES, size ?? BLOCK_BYTES)));
    let done = 0;
    for (;;) {
      throwIfCancelled(signal);
      const got = await readFully(file, block, done, path);
      if (got === 0) break;
      done += got;
      yield block.subarray(0, got);
    }
    if (size !== undefined && done !== size) throw sourceChanged(path, size, done);
  } finally {
    await file.close();
  }
}

/** Fills the buffer from a place of the file; fewer bytes only at its end. */
export async function readFully(file: FileHandle, into: Uint8Array, position: number, path: string): Promise<number> {
  let got = 0;
  while (got < into.length) {
    const { bytesRead } = await file
      .read(into, got, Math.min(into.length - got, LIMITS.chunkBytes), position + got)
      .catch((error: unknown) => {
        throw fileError(error, path, "read");
      });
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return got;
}

export function sourceChanged(path: string, wanted: number, found: number): EmporiumError {
  const what = wanted === found ? "it was written to" : `${wanted} bytes were there, now ${found}`;
  return new EmporiumError("SOURCE_CHANGED", `${path} changed while it was being read: ${what}`, {
    place: { file: path },
    hint: "run again when nobody writes it any more",
  });
}
