import { type Triple, volumeOf } from "../../core/box.js";
import { HOST_LITTLE_ENDIAN } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** The portal's block shape: large, since masks are nearly empty. */
export const BLOCK: Triple = [64, 64, 64];

/** A table begins at a word below this, which 24 bits can name. */
const TABLE_OFFSET_END = 2 ** 24;
const WIDTHS = [0, 1, 2, 4, 8, 16, 32] as const;

/**
 * One chunk of labels, one channel: for each block a table of the labels in it and, for each voxel, a place in that table.
 *
 * Blocks at the upper edge are padded with zeros before the table is made, so 0 is in theirs. A table that an earlier block has
 * is used again.
 *
 * @param labels `[z, y, x]`, C order, of the given shape; or those of a larger box in which `window` says where the chunk lies. Those of 64
 *   bits make a chunk of uint64, all others one of uint32.
 * @throws {EmporiumError} FORMAT_FIELD (another length), FORMAT_LIMIT (too many different labels for one chunk: make it smaller).
 *
 * Source: `src/sliceview/compressed_segmentation/README.md` of google/neuroglancer; the bytes equal those of
 * `create_segmentation_chunk` of cryoet-data-portal-neuroglancer. Golden: `test/golden/precomputed`.
 */
export function encodeSegmentation(
  labels: Uint8Array | Uint16Array | Uint32Array | BigUint64Array,
  shape: Triple,
  block: Triple = BLOCK,
  window: LabelWindow = { shape, first: [0, 0, 0] },
): Uint8Array {
  if (labels.length !== volumeOf(window.shape)) {
    const holder = window.shape === shape ? "a chunk" : "a box";
    const message = `${counted(labels.length, "label")}, ${holder} of ${window.shape.join("×")} has ${volumeOf(window.shape)}`;
    throw new EmporiumError("FORMAT_FIELD", message);
  }
  const grid = gridOf(shape, block);
  const { places: numbers, tableWords } = labels instanceof BigUint64Array ? numbered(labels) : asTheyAre(labels);
  const words = new WordBuffer(2 * volumeOf(grid));
  const tables = new Map<string, number>();
  const voxels = new Uint32Array(volumeOf(block));
  const places = new Uint32Array(voxels.length);
  let header = 0;
  for (const start of blocksOf(grid, block)) {
    copyBlock(numbers, window, { shape, corner: start, block }, voxels);
    const table = tableOf(voxels, places);
    const width = WIDTHS.find((bits) => 2 ** bits >= table.length)!;
    const known = table.join();
    let tableAt = tables.get(known);
    if (tableAt === undefined) {
      tableAt = words.length;
      tables.set(known, tableAt);
      words.append(tableWords(table));
    }
    if (tableAt >= TABLE_OFFSET_END) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${shape.join("×")} voxels have labels for more than 2^24 words, a chunk can name no more`,
        {
          hint: "use smaller chunks",
        },
      );
    }
    words.set(header++, tableAt + width * 2 ** 24);
    words.set(header++, words.length);
    words.append(pack(places, width));
  }
  return words.toBytes();
}

/** Labels as the 32-bit numbers from which blocks are encoded, and the words in which the table of a block is stored. */
interface Numbers {
  readonly places: Uint8Array | Uint16Array | Uint32Array;
  tableWords(table: Uint32Array): Uint32Array;
}

function asTheyAre(places: Numbers["places"]): Numbers {
  return { places, tableWords: (table) => table };
}

/** Labels of 64 bits as places in a sorted list of them. Zero is the first of it: blocks at the edge are padded with it. */
function numbered(labels: BigUint64Array): Numbers {
  const halves = new Uint32Array(labels.buffer, labels.byteOffset, 2 * labels.length);
  const [low, high] = HOST_LITTLE_ENDIAN ? [0, 1] : [1, 0];
  // a number wherever one is exact: comparing bigints voxel by voxel takes ten times as long
  const found = new Map<number | bigint, number>([[0, 0]]);
  const places = new Uint32Array(labels.length);
  let [place, lastLow, lastHigh] = [0, 0, 0];
  for (let at = 0; at < places.length; at++) {
    const [lowWord, highWord] = [halves[2 * at + low]!, halves[2 * at + high]!];
    if (lowWord !== lastLow || highWord !== lastHigh) {
      [lastLow, lastHigh] = [lowWord, highWord];
      const label = highWord < 2 ** 21 ? highWord * 2 ** 32 + lowWord : labels[at]!;
      place = found.get(label) ?? found.size;
      found.set(label, place);
    }
    places[at] = place;
  }
  const sorted = [...found.keys()].sort((a, b) => (a < b ? -1 : 1));
  const rank = new Uint32Array(sorted.length);
  for (const [at, label] of sorted.entries()) rank[found.get(label)!] = at;
  for (let at = 0; at < places.length; at++) places[at] = rank[places[at]!]!;
  return { places, tableWords: (table) => wideTable(table, sorted) };
}

/** Low words first, whatever the host's order. */
function wideTable(table: Uint32Array, sorted: readonly (number | bigint)[]): Uint32Array {
  const words = new Uint32Array(2 * table.length);
  for (const [at, place] of table.entries()) {
    const label = BigInt(sorted[place]!);
    words[2 * at] = Number(label & 0xffffffffn);
    words[2 * at + 1] = Number(label >> 32n);
  }
  return words;
}

/** Position of a chunk in a larger box of labels. */
export interface LabelWindow {
  /** Shape `[z, y, x]` of the box. */
  shape: Triple;
  /** The chunk's first voxel in it. */
  first: Triple;
}

/** Form of a stored chunk. */
export interface SegmentationForm {
  dtype: "uint32" | "uint64";
  /** Voxels `[z, y, x]` of the chunk and of a block. */
  shape: Triple;
  block: Triple;
  /** Default 1. */
  channels?: number | undefined;
  /** Name of the chunk in messages. */
  name?: string | undefined;
}

/**
 * Labels of one chunk, `[channel, z, y, x]`.
 *
 * @returns 32 or 64 bits each, as `dtype` says.
 * @throws {EmporiumError} FORMAT_CORRUPT with the byte: no offset is followed unchecked.
 */
export function decodeSegmentation(bytes: Uint8Array, form: SegmentationForm): BigUint64Array | Uint32Array {
  const { dtype, shape, block, channels = 1 } = form;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const voxels = volumeOf(shape);
  const grid = gridOf(shape, block);
  const labels = dtype === "uint64" ? new BigUint64Array(channels * voxels) : new Uint32Array(channels * voxels);
  checkRange(view, 0, 4 * channels, "the offsets of the channels", form);
  for (let channel = 0; channel < channels; channel++) {
    const start = 4 * view.getUint32(4 * channel, true);
    checkRange(view, start, 8 * volumeOf(grid), `the headers of channel ${channel}`, form);
    const target = labels.subarray(channel * voxels, (channel + 1) * voxels);
    let header = start;
    for (const corner of blocksOf(grid, block)) {
      decodeBlock(view, start, header, corner, target, form);
      header += 8;
    }
  }
  return labels;
}

/** Fills the part of a block that lies inside the chunk. */
function decodeBlock(
  view: DataView,
  start: number,
  header: number,
  corner: Triple,
  labels: Uint32Array | BigUint64Array,
  form: SegmentationForm,
): void {
  const { dtype, shape, block, name = "chunk" } = form;
  const word = view.getUint32(header, true);
  const width = word >>> 24;
  if (!(WIDTHS as readonly number[]).includes(width)) {
    throw new EmporiumError("FORMAT_CORRUPT", `${name}: indices of ${counted(width, "bit")}; expected ${WIDTHS.join(", ")}`, {
      place: { file: name, byte: header + 3 },
    });
  }
  const labelBytes = dtype === "uint64" ? 8 : 4;
  const table = start + 4 * (word % TABLE_OFFSET_END);
  const packed = start + 4 * view.getUint32(header + 4, true);
  checkRange(view, packed, 4 * Math.ceil(((lastVoxel(corner, shape, block) + 1) * width) / 32), "the places of a block", form);
  checkRange(view, table, labelBytes, "the table of a block", form);
  const placeAt = placeReader(view, packed, width);
  const [stopZ, stopY, stopX] = corner.map((from, axis) => Math.min(from + block[axis]!, shape[axis]!)) as Triple;
  for (let z = corner[0]; z < stopZ; z++) {
    for (let y = corner[1]; y < stopY; y++) {
      const from = ((z - corner[0]) * block[1] + (y - corner[1])) * block[2];
      const row = (z * shape[1] + y) * shape[2];
      if (width === 0) {
        if (labels instanceof Uint32Array) labels.fill(view.getUint32(table, true), row + corner[2], row + stopX);
        else labels.fill(view.getBigUint64(table, true), row + corner[2], row + stopX);
        continue;
      }
      for (let x = corner[2]; x < stopX; x++) {
        const at = table + labelBytes * placeAt(from + x - corner[2]);
        if (at + labelBytes > view.byteLength) checkRange(view, at, labelBytes, "a label", form);
        if (labels instanceof Uint32Array) labels[row + x] = view.getUint32(at, true);
        else labels[row + x] = view.getBigUint64(at, true);
      }
    }
  }
}

function checkRange(view: DataView, byte: number, length: number, what: string, { name = "chunk" }: SegmentationForm): void {
  if (byte + length <= view.byteLength) return;
  const message = `${name}: ${what} lies from byte ${byte} to ${byte + length}, the chunk has ${view.byteLength}`;
  const hint = "copy the chunk again: it is damaged or cut short";
  throw new EmporiumError("FORMAT_CORRUPT", message, { place: { file: name, byte }, hint });
}

/** Index in the block of its last voxel that lies inside the chunk. */
function lastVoxel(corner: Triple, shape: Triple, block: Triple): number {
  const [z, y, x] = corner.map((from, axis) => Math.min(block[axis]!, shape[axis]! - from) - 1) as Triple;
  return (z * block[1] + y) * block[2] + x;
}

function placeReader(view: DataView, start: number, width: number): (voxel: number) => number {
  if (width === 0) return () => 0;
  if (width === 32) return (voxel) => view.getUint32(start + 4 * voxel, true);
  const mask = 2 ** width - 1;
  const perWord = 32 / width;
  return (voxel) => (view.getUint32(start + 4 * Math.floor(voxel / perWord), true) >>> ((voxel % perWord) * width)) & mask;
}

/** Sorted different values; `places` gets the place of each voxel among them. */
function tableOf(voxels: Uint32Array, places: Uint32Array): Uint32Array {
  const found = new Map<number, number>();
  let previous = -1;
  for (const value of voxels) {
    if (value === previous) continue; // labels come in runs
    previous = value;
    if (!found.has(value)) found.set(value, 0);
  }
  const table = Uint32Array.from(found.keys()).sort();
  if (table.length === 1) return table;
  for (const [place, value] of table.entries()) found.set(value, place);
  previous = -1;
  let place = 0;
  for (let i = 0; i < voxels.length; i++) {
    const value = voxels[i]!;
    if (value !== previous) {
      previous = value;
      place = found.get(value)!;
    }
    places[i] = place;
  }
  return table;
}

/** Places of `width` bits in words, the lowest bits first. */
function pack(places: Uint32Array, width: number): Uint32Array {
  if (width === 0) return new Uint32Array(0);
  if (width === 32) return places;
  const perWord = 32 / width;
  const words = new Uint32Array(Math.ceil(places.length / perWord));
  for (let i = 0, at = 0; at < words.length; at++) {
    let word = 0;
    const stop = Math.min(i + perWord, places.length);
    for (let bit = 0; i < stop; i++, bit += width) word |= places[i]! << bit;
    words[at] = word;
  }
  return words;
}

function copyBlock(
  labels: Uint8Array | Uint16Array | Uint32Array,
  { shape: [, rows, columns], first }: LabelWindow,
  { shape, corner, block }: { shape: Triple; corner: Triple; block: Triple },
  voxels: Uint32Array,
): void {
  const [depth, height, width] = corner.map((from, axis) => Math.min(block[axis]!, shape[axis]! - from)) as Triple;
  if (depth < block[0] || height < block[1] || width < block[2]) voxels.fill(0);
  const [fromZ, fromY, fromX] = corner.map((from, axis) => from + first[axis]!) as Triple;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = ((fromZ + z) * rows + fromY + y) * columns + fromX;
      voxels.set(labels.subarray(row, row + width), (z * block[1] + y) * block[2]);
    }
  }
}

function gridOf(shape: Triple, block: Triple): Triple {
  return shape.map((length, axis) => Math.ceil(length / block[axis]!)) as Triple;
}

/** First voxel of each block, x fastest. */
function* blocksOf([nz, ny, nx]: Triple, [bz, by, bx]: Triple): Generator<Triple> {
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) yield [z * bz, y * by, x * bx];
}

/** A growing list of little-endian words. Offsets in a chunk count from its first word, which says where the channel begins. */
class WordBuffer {
  #words = new Uint32Array(1024);
  length: number;

  constructor(zeros: number) {
    this.length = zeros;
    this.#reserve(zeros);
  }

  append(words: Uint32Array): void {
    this.#reserve(this.length + words.length);
    this.#words.set(words, this.length);
    this.length += words.length;
  }

  set(at: number, word: number): void {
    this.#words[at] = word;
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(4 + 4 * this.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 1, true);
    for (let i = 0; i < this.length; i++) view.setUint32(4 + 4 * i, this.#words[i]!, true);
    return bytes;
  }

  #reserve(length: number): void {
    if (length <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(length, 2 * this.#words.length));
    grown.set(this.#words.subarray(0, this.length));
    this.#words = grown;
  }
}
