import { createHash } from "node:crypto";
import { throwIfCancelled } from "../../../core/cancel.js";
import { partBytesFor } from "../../../engine/atomic.js";
import { LONG_FILE_BYTES } from "../../../stores/file/direct.js";
import type { Entry, Store } from "../../../stores/store.js";
import { pageBuffer } from "../../../system/page-memory.js";
import { openSource, type Reading, type SourceFacts, sourceChanged } from "./source-bytes.js";

const MiB = 1024 * 1024;
const BLOCK_BYTES = 4 * MiB;

/** Part sizes of common uploaders: aws, the SDKs, s5cmd, rclone. An object's tag tells the number of parts, not their size. */
const PART_SIZES = [8, 5, 16, 10, 15, 20, 25, 32, 50, 64, 100, 128, 200, 256, 512].map((size) => size * MiB);

/** Whether a file has an object's bytes. The object's tag answers if it is an MD5, also of parts; else the object is read. */
export async function sameAsObject(file: SourceFacts, entry: Entry, target: Store, reading: Reading): Promise<boolean> {
  const tag = /^"?([0-9a-f]{32})(?:-(\d+))?"?$/.exec(entry.etag ?? "");
  if (tag && !target.local) {
    // equal tags of two objects are the MD5 of both, whole or in equal parts
    if (file.object && bare(file.object.etag) === bare(entry.etag)) return true;
    const [, sum, count] = tag;
    if (count === undefined) {
      if ((await joinedMd5(file, [Number.POSITIVE_INFINITY], reading)).includes(sum!)) return true;
    } else {
      const parts = Number(count);
      const sizes = [...new Set([partBytesFor(file.size, 0), ...PART_SIZES])].filter(
        (bytes) => Math.max(1, Math.ceil(file.size / bytes)) === parts,
      );
      if (sizes.length > 0 && (await joinedMd5(file, sizes, reading)).includes(sum!)) return true;
    }
  }
  // Encrypted objects have tags that look like an MD5 but are none.
  return sameBytes(file, entry, target, reading);
}

const bare = (etag: string | undefined): string | undefined => etag?.replace(/^"|"$/g, "");

/** The tag that S3 would give for each size of parts: the MD5 of the parts' MD5s, or of the whole. Reads the file once. */
async function joinedMd5(file: SourceFacts, partSizes: readonly number[], reading: Reading): Promise<string[]> {
  const sums = partSizes.map((partBytes) => ({ partBytes, whole: createHash("md5"), part: createHash("md5"), left: partBytes }));
  for await (const block of blocksOf(file, reading)) {
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

async function sameBytes(file: SourceFacts, entry: Entry, target: Store, reading: Reading): Promise<boolean> {
  let at = 0;
  for await (const block of blocksOf(file, reading)) {
    const stored = await target.read(entry.key, { offset: at, length: block.length }, { signal: reading.signal });
    if (!stored || stored.length !== block.length || Buffer.compare(stored, block) !== 0) return false;
    at += block.length;
  }
  return true;
}

/** Two files of the same size. */
export async function sameFiles(a: SourceFacts, b: SourceFacts, reading: Reading): Promise<boolean> {
  const [left, right] = [blocksOf(a, reading), blocksOf(b, reading)];
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

/** A file in blocks. Each is valid until the next is requested. @throws {EmporiumError} SOURCE_CHANGED if its size has changed */
async function* blocksOf(file: SourceFacts, reading: Reading): AsyncGenerator<Buffer> {
  const source = await openSource(file, reading);
  try {
    const isLong = file.size >= LONG_FILE_BYTES;
    const block = isLong ? pageBuffer(BLOCK_BYTES) : Buffer.allocUnsafeSlow(Math.max(1, Math.min(BLOCK_BYTES, file.size)));
    let done = 0;
    for (;;) {
      throwIfCancelled(reading.signal);
      const got = await source.read(block, done);
      if (got === 0) break;
      done += got;
      yield block.subarray(0, got);
    }
    if (done !== file.size) throw sourceChanged(file.path, file.size, done);
  } finally {
    await source.close();
  }
}
