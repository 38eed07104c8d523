import { blockSource } from "../../core/blocks.js";
import type { Triple } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import type { PeekFacts } from "../../formats/peek/facts.js";
import { peekTiff } from "../../formats/peek/tiff.js";
import { compressionName } from "../../formats/tiff/compression.js";
import { openTiff, type TiffFile, type TiffImage } from "../../formats/tiff/image.js";
import { readTiffRows } from "../../formats/tiff/read.js";
import { angstromPerUnit } from "../../formats/zarr/ome.js";
import { turns } from "../../system/parallel.js";
import { type AxisSelection, firstOf } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";

/** Directories of pages that are remembered. */
const PAGES_KEPT = 1024;
/** Rows of an uncompressed page that make a chunk: a strip of one row would be many small reads. */
const ROWS_BYTES = 256 * 1024;

/**
 * The pages of a TIFF as the sections of a volume, all of one size and type. A chunk is a strip, a row of tiles, or some rows of a
 * page that is not compressed.
 *
 * @param wanted `c` is the sample of a pixel.
 * @throws {EmporiumError} FORMAT_UNSUPPORTED (pages that differ), FORMAT_FIELD, …
 */
export async function openTiffStack(unbuffered: RandomAccess, wanted: AxisSelection): Promise<ChunkedLevel[]> {
  const file = await openTiff(unbuffered);
  const { header } = file;
  const first = await file.image(0);
  if (!header.uniform) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${header.name}: its pages differ in size or type, a stack has equal ones`, {
      place: { file: header.name },
      hint: "save the pages that belong together to a file of their own",
    });
  }
  const sample = sampleOf(first, wanted, header.name);
  const { page, segments, type } = first;
  const rows =
    page.compression === 1 && segments.kind === "strips"
      ? Math.max(1, Math.min(page.height, Math.floor(ROWS_BYTES / (page.width * page.samplesPerPixel * type.itemBytes))))
      : Math.min(segments.height, page.height);
  const chunk: Triple = [1, rows, page.width];
  const pages = pageReader(file);
  const facts = await peekTiff(blockSource(unbuffered), { spent: () => 0, requestsMax: 8, exact: false, beneath: unbuffered });
  const samples = wanted.c === undefined && page.samplesPerPixel > 1 ? [{ name: "c", length: page.samplesPerPixel }] : [];
  const level: ChunkedLevel = {
    name: header.name,
    shape: [header.frames, page.height, page.width],
    chunk,
    dtype: type.dtype,
    itemBytes: type.itemBytes,
    voxelSizeNm: voxelSizeNm(facts),
    offsetNm: [0, 0, 0],
    notes: [...firstOf(samples), ...pageNotes(facts)],
    fill: new Uint8Array(type.itemBytes),
    codec: page.compression === 1 ? "raw" : compressionName(page.compression),
    coding: undefined,
    find: () => undefined,
    load: (cell, signal) => loadRows(file, pages, cell, chunk, sample, signal),
  };
  return [level];
}

function sampleOf({ page }: TiffImage, wanted: AxisSelection, name: string): number {
  for (const [axis, position] of Object.entries(wanted)) {
    const most = axis === "c" ? page.samplesPerPixel - 1 : 0;
    if (Number.isInteger(position) && position >= 0 && position <= most) continue;
    throw new EmporiumError("USAGE", `${name}: ${axis} ${position} is outside of the pages, which have 0 to ${most}`, {
      place: { file: name },
    });
  }
  return wanted.c ?? 0;
}

/** Directories of pages, one after the other: they are a chain, which is followed from the last one that is known. */
function pageReader(file: TiffFile): (z: number) => Promise<TiffImage> {
  const images = new Recent<number, Promise<TiffImage>>(PAGES_KEPT);
  const turn = turns(1);
  const read = async (z: number) => {
    const leave = await turn();
    try {
      return await file.image(z);
    } finally {
      leave();
    }
  };
  return (z) => {
    const image = images.get(z) ?? read(z);
    images.set(z, image);
    image.catch(() => images.delete(z));
    return image;
  };
}

async function loadRows(
  file: TiffFile,
  pages: (z: number) => Promise<TiffImage>,
  [z, row]: Triple,
  [, rows, width]: Triple,
  sample: number,
  signal: AbortSignal | undefined,
): Promise<{ plain: Uint8Array; storedBytes: number }> {
  const image = await pages(z);
  const { height, samplesPerPixel: samples, planar } = image.page;
  const y0 = row * rows;
  const y1 = Math.min(height, y0 + rows);
  const bytes = await readTiffRows(file.source, image, y0, y1, { signal });
  const { itemBytes } = image.type;
  const plain = new Uint8Array(rows * width * itemBytes);
  const pixels = (y1 - y0) * width;
  if (samples === 1 || planar) {
    plain.set(bytes.subarray(sample * pixels * itemBytes, (sample + 1) * pixels * itemBytes));
  } else {
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let b = 0; b < itemBytes; b++) plain[pixel * itemBytes + b] = bytes[(pixel * samples + sample) * itemBytes + b]!;
  }
  return { plain, storedBytes: storedBytesOf(image, y0, y1) };
}

/** Stored bytes of the strips or tiles that rows `[y0, y1)` touch. */
function storedBytesOf({ segments }: TiffImage, y0: number, y1: number): number {
  const { height, across, down, byteCounts } = segments;
  let sum = 0;
  for (let row = Math.floor(y0 / height); row < Math.min(down, Math.ceil(y1 / height)); row++)
    for (let column = 0; column < across; column++) sum += byteCounts[row * across + column] ?? 0;
  return sum;
}

/** Pages that ImageJ or OME count by channels or times are read as if they were sections. */
function pageNotes({ axes, shape, dimensions }: PeekFacts): string[] {
  if (axes[0] === "z" || shape[0] === 1) return [];
  const { z = 1, c = 1, t = 1 } = dimensions ?? {};
  return [`its pages are z ${z}, c ${c}, t ${t}, and are read one after the other, as z`];
}

function voxelSizeNm(facts: PeekFacts): ChunkedLevel["voxelSizeNm"] {
  return ["z", "y", "x"].map((name) => {
    const axis = facts.axes.indexOf(name);
    const size = facts.voxelSize[axis] ?? undefined;
    const angstrom = angstromOf(facts.unit[axis] ?? undefined);
    return size === undefined || angstrom === undefined ? undefined : (size * angstrom) / 10;
  }) as unknown as ChunkedLevel["voxelSizeNm"];
}

/** Å of one unit, for TIFF's own units beside those of length. */
function angstromOf(unit: string | undefined): number | undefined {
  return unit === "inch" ? 2.54e8 : angstromPerUnit(unit);
}
