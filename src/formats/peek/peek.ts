import { Gunzip } from "fflate";
import { blockSource, counting, type Traffic } from "../../core/blocks.js";
import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { detectDm } from "../dm/tags.js";
import { compressionOf, detectMrc } from "../mrc/detect.js";
import { MRC_HEADER_BYTES } from "../mrc/header.js";
import { detectTiff } from "../tiff/header.js";
import { peekDm } from "./dm.js";
import type { PeekFacts } from "./facts.js";
import { mrcFacts, peekMrc } from "./mrc.js";
import { peekN5 } from "./n5.js";
import { peekPrecomputed } from "./precomputed.js";
import { peekTiff } from "./tiff.js";
import { peekZarr } from "./zarr.js";

/** Formats that are folders, as links name them: `zarr://`, `zarr2://`, `zarr3://`, `n5://`, `precomputed://`. */
export type FolderFormat = "zarr" | "zarr2" | "zarr3" | "n5" | "precomputed";

/** A folder of a store: its files by key. */
export interface PeekFolder {
  name: string;
  /** A whole file; undefined where there is none. Each call is a request. */
  read(key: string, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array | undefined>;
  /** Names of files in the folder itself, where they are known already: what is not among them is not asked for. */
  names?: readonly string[] | undefined;
}

export interface PeekOptions {
  /** Count every page of a TIFF. */
  exact?: boolean | undefined;
  /** What a folder is; default by its name and by what is found in it. */
  format?: FolderFormat | undefined;
  signal?: AbortSignal | undefined;
  /** The first bytes behind a compression for which this folder, which browsers load too, has no decoder. */
  decompressHead?:
    | ((source: RandomAccess, compression: "bzip2", wanted: number, signal: AbortSignal | undefined) => Promise<Uint8Array>)
    | undefined;
}

export interface Peek extends Traffic {
  /** One for each image of the file: at least one. */
  images: PeekFacts[];
}

const REQUESTS_MAX = 3;
const BLOCK_BYTES = 64 * 1024;

/**
 * What a file is, by its first bytes and what they point to; no pixels. One request for MRC, at most three for TIFF and, with
 * one image, for DM; less than 1 MiB in all.
 *
 * `size()` of the source is asked for after the first read, so a source that learns its length from that answer costs nothing more.
 * @throws {EmporiumError} FORMAT_UNKNOWN for a file of no known format, and what the formats throw.
 */
export async function peekFile(source: RandomAccess, options: PeekOptions = {}): Promise<Peek> {
  const { signal, exact = false } = options;
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const counted = counting(source, traffic);
  let ahead: readonly number[] = [1];
  const blocks = blockSource(counted, { ahead: (request) => ahead[request] ?? ahead.at(-1)! });
  const head = await blocks.read({ offset: 0, length: BLOCK_BYTES }, { signal });
  const images = await (async (): Promise<PeekFacts[]> => {
    if (detectTiff(head)) {
      return [
        await peekTiff(blocks, { spent: () => traffic.requests, requestsMax: REQUESTS_MAX, exact, beneath: counted, signal }),
      ];
    }
    if (detectMrc(head) === "certain") return [await peekMrc(blocks)];
    if (detectDm(head)) {
      // tags lie before, between and behind the images, thumbnail and all, and are some hundred kilobytes
      ahead = [1, 4, 8];
      return peekDm(blocks, signal);
    }
    const compression = compressionOf(head);
    if (compression) {
      const plain = await headOf(blocks, head, compression, options);
      if (detectMrc(plain)) return [compressed(mrcFacts(plain, source.name, undefined), compression)];
    }
    if (detectMrc(head) === "plausible") return [await peekMrc(blocks)];
    throw unknownFile(source.name, head, compression);
  })();
  return { images, ...traffic };
}

/**
 * What a folder is: Zarr, N5 or a precomputed volume, by two or three documents.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, and what the formats throw.
 */
export async function peekFolder(folder: PeekFolder, options: PeekOptions = {}): Promise<Peek> {
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const known = folder.names && new Set(folder.names);
  const asked = new Map<string, Uint8Array | undefined>();
  const read = async (key: string): Promise<Uint8Array | undefined> => {
    if (known && !key.includes("/") && !known.has(key)) return undefined;
    if (asked.has(key)) return asked.get(key);
    traffic.requests++;
    const bytes = await folder.read(key, { signal: options.signal });
    traffic.bytes += bytes?.length ?? 0;
    asked.set(key, bytes);
    return bytes;
  };
  const { name } = folder;
  for (const format of options.format ? [options.format] : formatsFor(name, known)) {
    const facts = await (format === "n5"
      ? peekN5(read, name)
      : format === "precomputed"
        ? peekPrecomputed(read, name)
        : peekZarr(read, { name, versions: format === "zarr2" ? [2] : format === "zarr3" ? [3] : undefined }));
    if (facts) return { images: [facts], ...traffic };
  }
  throw new EmporiumError("FORMAT_UNKNOWN", `${name}: no zarr.json, .zattrs, .zarray, info or attributes.json`, {
    place: { file: name },
    hint: "name the folder of the image itself, not one above or below it",
  });
}

/** The likeliest first: a file that is not there is a request as well. */
function formatsFor(name: string, known: ReadonlySet<string> | undefined): FolderFormat[] {
  if (known?.has("zarr.json")) return ["zarr3"];
  if (known?.has(".zattrs") || known?.has(".zarray")) return ["zarr2"];
  if (known?.has("info")) return ["precomputed"];
  if (known?.has("attributes.json")) return ["n5"];
  const all: FolderFormat[] = ["zarr", "precomputed", "n5"];
  const likely: FolderFormat | undefined = /\.n5(\/|$)/i.test(name) ? "n5" : /\.zarr(\/|$)/i.test(name) ? "zarr" : undefined;
  return likely ? [likely, ...all.filter((one) => one !== likely)] : ["precomputed", "zarr", "n5"];
}

/** The first bytes behind a compression. What browsers have no decoder for, the caller gives one for. */
async function headOf(
  source: RandomAccess,
  head: Uint8Array,
  compression: "gzip" | "bzip2",
  { decompressHead, signal }: PeekOptions,
): Promise<Uint8Array> {
  if (compression === "gzip") return gunzipHead(head, MRC_HEADER_BYTES);
  return (await decompressHead?.(source, compression, MRC_HEADER_BYTES, signal)) ?? new Uint8Array(0);
}

/** First bytes of a gzip stream, as many as its first block gives. */
function gunzipHead(bytes: Uint8Array, wanted: number): Uint8Array {
  const plain = new Uint8Array(wanted);
  let length = 0;
  const stream = new Gunzip((piece) => {
    const taken = piece.subarray(0, wanted - length);
    plain.set(taken, length);
    length += taken.length;
  });
  try {
    // in small pieces: what is not needed is not decompressed
    for (let at = 0; at < bytes.length && length < wanted; at += 1024) stream.push(bytes.subarray(at, at + 1024), false);
  } catch {
    return plain.subarray(0, length);
  }
  return plain.subarray(0, length);
}

function compressed(facts: PeekFacts, compression: string): PeekFacts {
  facts.warnings.push(`${compression}: the file is compressed: pixels are read from front to back only`);
  return facts;
}

function unknownFile(name: string, head: Uint8Array, compression: string | undefined): EmporiumError {
  const found = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const reason = head.length === 0 ? "the file is empty" : compression ? `a ${compression} stream` : `it begins with ${found}`;
  return new EmporiumError("FORMAT_UNKNOWN", `${name}: neither TIFF, DM3, DM4 nor MRC: ${reason}`, {
    place: { file: name, byte: 0 },
    hint: compression ? "decompress the file first" : "check that this is an image file",
  });
}
