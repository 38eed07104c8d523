import { Gunzip } from "fflate";
import { blockSource, counting, type Traffic } from "../../core/blocks.js";
import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { familyOf, likelyFamilies, noVolumeDocument, VOLUME_DOCUMENTS, type VolumeFormat } from "../../model/volume-formats.js";
import { compressionOf, HEAD_BEHIND_BYTES } from "../compression.js";
import {
  FILE_FORMATS,
  type FileFormat,
  FOLDER_FORMATS,
  fileFormatOf,
  isText,
  isVolume,
  titleOf,
  unsupported,
} from "../registry.js";
import type { PeekFacts } from "./facts.js";

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
  /** Format of a folder. Default: by its name and its contents. */
  format?: VolumeFormat | undefined;
  signal?: AbortSignal | undefined;
  /** The first bytes behind a compression for which this folder, which browsers load too, has no decoder. */
  decompressHead?:
    | ((source: RandomAccess, compression: "bzip2", wanted: number, signal: AbortSignal | undefined) => Promise<Uint8Array>)
    | undefined;
  /** The facts of an HDF5 file, whose reader needs a file of this machine. */
  hdf5?: (() => Promise<PeekFacts[]>) | undefined;
}

export interface Peek extends Traffic {
  /** Facts of each image of the file, at least of one. */
  images: PeekFacts[];
}

const REQUESTS_MAX = 3;
const BLOCK_BYTES = 64 * 1024;
/**
 * Facts of a file, by its first bytes and what they point to; no pixels are read. One request for MRC, at most three for TIFF
 * and, with one image, for DM; less than 1 MiB in all.
 *
 * `size()` of the source is asked for after the first read, so a source that learns its length from that answer costs nothing
 * more.
 * @throws {EmporiumError} FORMAT_UNKNOWN for a file of no known format, and what the formats throw.
 */
export async function peekFile(source: RandomAccess, options: PeekOptions = {}): Promise<Peek> {
  const { signal, exact = false } = options;
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const tallied = counting(source, traffic);
  let ahead: readonly number[] = [1];
  const blocks = blockSource(tallied, { ahead: (request) => ahead[request] ?? ahead.at(-1)! });
  const head = await blocks.read({ offset: 0, length: BLOCK_BYTES }, { signal });
  const peek = (format: FileFormat) => {
    if (!format.peek) throw unsupported(format, source.name);
    ahead = format.ahead ?? ahead;
    const budget = {
      spent: () => traffic.requests,
      requestsMax: REQUESTS_MAX,
      exact,
      beneath: tallied,
      signal,
      onDisk: options.hdf5,
    };
    return format.peek(blocks, budget);
  };
  const images = await (async (): Promise<PeekFacts[]> => {
    const format = fileFormatOf(head, source.name);
    if (format) return peek(format);
    const compression = compressionOf(head);
    if (!compression) throw unknownFile(source.name, head, undefined, "");
    const { plain, damage } = await headOf(blocks, head, compression, options);
    const damaged = damage === undefined ? "" : `, damaged after ${counted(plain.length, "byte")} of what is inside (${damage})`;
    const inside = fileFormatOf(plain, source.name);
    if (inside && !inside.peek) throw unsupported(inside, source.name, { inside: compression });
    if (!inside?.factsOfHead) throw unknownFile(source.name, head, compression, damaged);
    const facts = compressed(await inside.factsOfHead(plain, source.name), compression);
    if (damage) facts.warnings.push(`damaged: the ${compression} stream is damaged${damaged.slice(", damaged".length)}`);
    return [facts];
  })();
  return { images, ...traffic };
}

/**
 * Facts of a folder that is a Zarr, N5 or precomputed volume, by two or three documents.
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
    const facts = await FOLDER_FORMATS[familyOf(format)].peek(read, name, format);
    if (facts) return { images: [facts], ...traffic };
  }
  const hint = "name the folder of the image itself, not one above or below it";
  throw new EmporiumError("FORMAT_UNKNOWN", `${name}: ${noVolumeDocument()}`, { place: { file: name }, hint });
}

/** The likeliest first: a file that is not there is a request as well. */
function formatsFor(name: string, known: ReadonlySet<string> | undefined): VolumeFormat[] {
  const found = VOLUME_DOCUMENTS.find((document) => known?.has(document.name));
  return found ? [found.format] : likelyFamilies(name);
}

/** The first bytes behind a compression. What browsers have no decoder for, the caller gives one for. */
async function headOf(
  source: RandomAccess,
  head: Uint8Array,
  compression: "gzip" | "bzip2",
  { decompressHead, signal }: PeekOptions,
): Promise<PlainHead> {
  if (compression === "gzip") return gunzipHead(head, HEAD_BEHIND_BYTES);
  return {
    plain: (await decompressHead?.(source, compression, HEAD_BEHIND_BYTES, signal)) ?? new Uint8Array(0),
    damage: undefined,
  };
}

interface PlainHead {
  readonly plain: Uint8Array;
  /** Fault because of which no more bytes came; undefined where there was none. */
  readonly damage: string | undefined;
}

/** First bytes of a gzip stream, as many as its first block gives. */
function gunzipHead(bytes: Uint8Array, wanted: number): PlainHead {
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
  } catch (error) {
    return { plain: plain.subarray(0, length), damage: error instanceof Error ? error.message : String(error) };
  }
  return { plain: plain.subarray(0, length), damage: undefined };
}

function compressed(facts: PeekFacts, compression: string): PeekFacts {
  facts.warnings.push(`${compression}: the file is compressed: pixels are read from front to back only`);
  return facts;
}

function unknownFile(name: string, head: Uint8Array, compression: string | undefined, damaged: string): EmporiumError {
  const found = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  // what is only guessed at is ruled out last
  const titles = FILE_FORMATS.filter(isVolume)
    .sort((a, b) => Number(a.guess !== undefined) - Number(b.guess !== undefined))
    .map(titleOf);
  const reason =
    head.length === 0
      ? "the file is empty"
      : compression
        ? `a ${compression} stream${damaged}`
        : isText(head)
          ? "it is a text"
          : `it begins with ${found}`;
  return new EmporiumError(
    "FORMAT_UNKNOWN",
    `${name}: neither ${titles.slice(0, -1).join(", ")} nor ${titles.at(-1)}: ${reason}`,
    {
      place: { file: name, byte: 0 },
      hint: damaged
        ? "copy the file again: it is damaged"
        : compression
          ? "check what is inside: of compressed files MRC is read"
          : "check that this is an image file",
    },
  );
}
