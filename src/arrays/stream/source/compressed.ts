import { createWriteStream } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { RandomAccess } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";

export type Compression = "gzip" | "bzip2";

const PIECE_BYTES = 4 * 2 ** 20;

/** A source from front to back, in pieces of some MiB. */
export async function* pieces(source: RandomAccess, signal: AbortSignal | undefined, from = 0): AsyncGenerator<Uint8Array> {
  const size = await source.size();
  for (let offset = from; offset < size; offset += PIECE_BYTES) {
    yield await source.read({ offset, length: Math.min(PIECE_BYTES, size - offset) }, { signal });
  }
}

async function decompressor(kind: Compression): Promise<NodeJS.ReadWriteStream> {
  if (kind === "gzip") return createGunzip();
  const { default: unbzip2 } = await import("unbzip2-stream"); // few sources are, and every command that reads volumes would load it
  return unbzip2() as NodeJS.ReadWriteStream;
}

/** Decompresses a source into a file. @throws {EmporiumError} FORMAT_CORRUPT */
export async function decompressTo(
  source: RandomAccess,
  kind: Compression,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await pipeline(Readable.from(pieces(source, signal)), await decompressor(kind), createWriteStream(path), { signal });
  } catch (cause) {
    throw corrupt(cause, source, kind);
  }
}

function corrupt(cause: unknown, source: RandomAccess, kind: string): unknown {
  if (cause instanceof Error && (cause.name === "AbortError" || cause.name === "EmporiumError" || "syscall" in cause))
    return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EmporiumError("FORMAT_CORRUPT", `${source.name}: the ${kind} stream does not decode: ${message}`, {
    place: { file: source.name },
    hint: "copy the file again: it is damaged or cut short",
    cause,
  });
}

/**
 * What is behind a compression, piece by piece. Whoever stops listening stops the reading.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT, at the piece where it shows.
 */
export async function* decompressed(source: RandomAccess, kind: Compression, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  // the bzip2 stream is of the old kind, which cannot be iterated
  const stream = new PassThrough();
  pipeline(Readable.from(pieces(source, signal)), await decompressor(kind), stream).catch((error: unknown) =>
    stream.destroy(error as Error),
  );
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (cause) {
    throw corrupt(cause, source, kind);
  }
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
