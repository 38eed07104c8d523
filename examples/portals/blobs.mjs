import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/**
 * Bytes that a request brought: in memory, or in a file of `dir`.
 * @typedef {{ size: number, bytes?: Buffer, path?: string }} Segment
 * @typedef {{ segment: Segment, size: number, md5: string, crc: number, sha256?: string }} Received
 */

/**
 * Where request bodies go. With a folder they are written to disk as they come, so that uploads of many gigabytes do not sit in memory.
 * @param {{ dir?: string, fastEtag?: boolean }} [options] `fastEtag`: tags from the CRC-32 instead of the MD5, for benchmarks.
 */
export function blobStore({ dir, fastEtag = false } = {}) {
  let counter = 0;
  return {
    /**
     * @param {AsyncIterable<Buffer>} source
     * @param {{ sha256?: boolean }} [want]
     * @returns {Promise<Received>}
     */
    async receive(source, { sha256 = false } = {}) {
      const md5 = fastEtag ? undefined : createHash("md5");
      const sha = sha256 ? createHash("sha256") : undefined;
      const path = dir === undefined ? undefined : join(dir, `body-${++counter}`);
      const file = path === undefined ? undefined : createWriteStream(path);
      /** @type {Buffer[]} */
      const pieces = [];
      let crc = 0;
      let size = 0;
      try {
        for await (const piece of source) {
          md5?.update(piece);
          sha?.update(piece);
          crc = crc32(piece, crc);
          size += piece.length;
          if (!file) pieces.push(piece);
          else if (!file.write(piece)) await once(file, "drain");
        }
      } finally {
        if (file) {
          file.end();
          await once(file, "close");
        }
      }
      const hex = crc.toString(16).padStart(8, "0");
      return {
        segment: path === undefined ? { size, bytes: Buffer.concat(pieces) } : { size, path },
        size,
        md5: md5 ? md5.digest("hex") : hex.repeat(4),
        crc,
        sha256: sha?.digest("hex"),
      };
    },

    /** @param {readonly Segment[]} segments */
    async forget(segments) {
      for (const { path } of segments) if (path !== undefined) await unlink(path).catch(() => {});
    },
  };
}

/**
 * The bytes `[from, to)` of joined segments.
 * @param {readonly Segment[]} segments
 * @param {number} from
 * @param {number} to
 * @returns {AsyncGenerator<Buffer>}
 */
export async function* readSegments(segments, from, to) {
  let start = 0;
  for (const { size, bytes, path } of segments) {
    const [first, end] = [Math.max(from - start, 0), Math.min(to - start, size)];
    start += size;
    if (first >= end) continue;
    if (bytes) yield bytes.subarray(first, end);
    else yield* createReadStream(/** @type {string} */ (path), { start: first, end: end - 1 });
  }
}
