import { inMemory, joined, type RandomAccess, slice } from "../../../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { type Compression, compressionOf, decompressor, HEAD_BEHIND_BYTES } from "../../../formats/compression.js";
import type { FlatOptions, FlatVolume } from "../../../formats/flat.js";
import { MRC_HEADER_BYTES } from "../../../formats/mrc/header.js";
import { type FileFormat, fileFormatOf, formatNamed, titlesOf, unknownFormat, unsupported } from "../../../formats/registry.js";
import { headBehind } from "./compressed.js";

/** First bytes of a file by which its format is recognised. */
const HEAD_BYTES = 1024;
/** Titles of the formats that are read from front to back, for messages. */
export const STREAMED = titlesOf(({ flat }) => flat, ["OME-Zarr"]);

/** A file whose voxels lie plainly in it, or in what it is decompressed. */
export interface FlatFile<File extends RandomAccess> {
  /** The file as it was given; reads of its first bytes come from memory. */
  readonly object: File;
  readonly format: FileFormat;
  readonly volume: FlatVolume;
  /**
   * Compression from byte `offset` of the file on: `volume.layout.dataOffset` counts decompressed bytes behind it. Undefined for
   * plain voxels.
   */
  readonly compressed: { readonly offset: number; readonly compression: Compression } | undefined;
}

export interface OpenFlatFileOptions extends FlatOptions {
  /** The first bytes behind a compression. Default: decompressed by this thread. */
  readonly headBehind?: ((file: RandomAccess, compression: Compression, wanted: number) => Promise<Uint8Array>) | undefined;
}

/**
 * Recognises a file by its first bytes, decompressed where it is compressed as a whole, and finds the layout of its voxels.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for a format whose voxels do not lie plainly, by its name; FORMAT_UNKNOWN; what formats throw
 */
export async function openFlatFile<File extends RandomAccess>(
  file: File,
  options: OpenFlatFileOptions = {},
): Promise<FlatFile<File>> {
  const { name } = file;
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, options);
  const object = { ...file, read: joined(inMemory(head), slice(file, head.length, Number.POSITIVE_INFINITY)).read };
  const compression = compressionOf(head);
  if (compression) {
    const behind = (wanted: number) =>
      options.headBehind?.(object, compression, wanted) ?? headBehind(object, compression, wanted, options.signal);
    // of a stream that is damaged behind a header the header tells more than the damage
    const plain = await behind(HEAD_BEHIND_BYTES).catch((error: unknown) => {
      if (isEmporiumError(error) && error.code === "FORMAT_CORRUPT") return behind(MRC_HEADER_BYTES);
      throw error;
    });
    const format = formatOf(plain, name, compression);
    if (!format.flatOfHead) throw unsupported(format, name, { inside: compression });
    const volume = await format.flatOfHead(plain, name, options);
    if (volume.payload) throw twice(name, compression, volume.payload.compression);
    return { object, format, volume, compressed: { offset: 0, compression } };
  }
  const format = formatOf(head, name);
  if (!format.flat) throw unsupported(format, name, { expected: STREAMED });
  const volume = await format.flat(object, options);
  return { object, format, volume, compressed: volume.payload };
}

/** Format of a file by its bytes, or else by its name: then the format's reader says what the file lacks. */
function formatOf(head: Uint8Array, name: string, inside?: Compression): FileFormat {
  const marked = fileFormatOf(head, name);
  if (marked) return marked;
  const format = formatNamed(name);
  if (format?.flat && (!inside || format.flatOfHead)) return format;
  throw unknownFormat(name, head, format, `name a file of ${STREAMED.replace(" or OME-Zarr", "")}, or the folder of an OME-Zarr`);
}

/** The header is behind one compression, and the voxels behind another one in it. */
function twice(name: string, outer: Compression, inner: Compression): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: its voxels are compressed twice, with ${inner} and with ${outer}`, {
    place: { file: name, byte: 0 },
    hint: `decompress the file once with ${decompressor(outer)}`,
  });
}
