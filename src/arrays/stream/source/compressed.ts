import { createWriteStream } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { RandomAccess } from "../../../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import type { Compression } from "../../../formats/compression.js";
import { bunzip2 } from "../../../formats/zarr/bzip2.js";

const PIECE_BYTES = 4 * 2 ** 20;

/** Bytes of the first piece, which is small because some callers want no more than the beginning. */
const FIRST_BYTES = 64 * 1024;

/** A source from front to back, in pieces of some MiB; the first ones are smaller. */
export async function* pieces(source: RandomAccess, signal: AbortSignal | undefined, from = 0): AsyncGenerator<Uint8Array> {
  const size = await source.size();
  for (let offset = from, most = FIRST_BYTES; offset < size; offset += most, most = Math.min(PIECE_BYTES, 4 * most)) {
    yield await source.read({ offset, length: Math.min(most, size - offset) }, { signal });
  }
}

/** Decompressed bytes that come at once. */
const PLAIN_BYTES = 128 * 1024;

/**
 * A file's decompressed bytes, in small pieces. Decoding goes no further than the pieces that were asked for, and stops when the
 * caller stops. Between two pieces the thread does its other work.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT, at the piece where it shows; the signal's reason
 */
export async function* decompressed(source: RandomAccess, kind: Compression, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* kind === "gzip" ? gunzipped(source, signal) : bunzipped(source, signal);
  } catch (cause) {
    throw corrupt(cause, source, kind);
  }
}

async function* gunzipped(source: RandomAccess, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: PLAIN_BYTES });
  const ended = pipeline(Readable.from(pieces(source, signal)), stream, { signal }).catch((error: unknown) => {
    stream.destroy(error as Error);
  });
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } finally {
    stream.destroy();
    await ended;
  }
}

async function* bunzipped(source: RandomAccess, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const input = pieces(source, signal);
  const steps = bunzip2();
  let more: Uint8Array | undefined;
  for (let step = steps.next(); !step.done; step = steps.next(more)) {
    if (step.value === "more") {
      more = (await input.next()).value as Uint8Array | undefined;
      continue;
    }
    more = undefined;
    if (step.value !== "pause") yield step.value;
    await setImmediate();
    signal?.throwIfAborted();
  }
}

/**
 * Decompresses the beginning of a source into a file: what goes past `bytesMax` is not decoded.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT; DISK_FULL before anything is written
 */
export async function decompressTo(
  source: RandomAccess,
  kind: Compression,
  path: string,
  { bytesMax, signal }: { bytesMax: number; signal: AbortSignal | undefined },
): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < bytesMax) {
    const sizes = `${formatBytes(bytesMax)} decompressed, ${formatBytes(bavail * bsize)} free in ${dirname(path)}`;
    throw new EmporiumError("DISK_FULL", `${source.name}: ${sizes}`, {
      place: { file: source.name },
      hint: "free some space, or choose another disk with --workspace",
    });
  }
  const first = async function* () {
    let left = bytesMax;
    for await (const piece of decompressed(source, kind, signal)) {
      yield piece.subarray(0, left);
      left -= piece.length;
      if (left <= 0) return;
    }
  };
  await pipeline(first, createWriteStream(path), { signal });
}

function corrupt(cause: unknown, source: RandomAccess, kind: string): unknown {
  if (cause instanceof Error && (cause.name === "AbortError" || "syscall" in cause)) return cause;
  // the decoders know no file: what names one was not thrown by them
  if (isEmporiumError(cause) && (cause.facts.place || !cause.code.startsWith("FORMAT_"))) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EmporiumError(
    isEmporiumError(cause) ? cause.code : "FORMAT_CORRUPT",
    `${source.name}: the ${kind} stream does not decode: ${message}`,
    {
      place: { file: source.name },
      hint: "copy the file again: it is damaged or cut short",
      cause,
    },
  );
}

/** The first bytes behind a compression. How many follow is not known before its end. */
export async function headBehind(
  source: RandomAccess,
  kind: Compression,
  wanted: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of decompressed(source, kind, signal)) {
    held.push(piece);
    length += piece.length;
    if (length >= wanted) break;
  }
  return Buffer.concat(held).subarray(0, wanted);
}
