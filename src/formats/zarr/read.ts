import { spaciousBytes } from "../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { decodeSteps } from "./apply-steps.js";
import { chunkGrid, chunkKey, chunkParts, positions } from "./chunks.js";
import { type CodecRegistry, decodeChunkBox } from "./codecs.js";
import { fillElement } from "./fill-element.js";
import { product, type ZarrArrayMeta, zarrSteps } from "./metadata.js";

/** Half-open box of any rank. */
export interface NdBox {
  start: readonly number[];
  stop: readonly number[];
}

/** A chunk by its key below the array, or undefined where there is none. */
export type GetChunk = (key: string) => Promise<Uint8Array | undefined>;

export interface ZarrReadOptions {
  /** Codecs for chunks. Default `defaultCodecs`. */
  codecs?: CodecRegistry | undefined;
  /** Name of the array in messages; the key of the chunk is added. */
  name?: string | undefined;
  /** Most bytes that the result may have. */
  bytesMax?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A box of an array as bytes: C order, host byte order. Holds one chunk beside the result, encoded if its codec decodes boxes.
 *
 * @throws {EmporiumError} USAGE (a box outside the array), FORMAT_LIMIT (`bytesMax`, default `LIMITS.memoryBytes`),
 *   FORMAT_CORRUPT.
 */
export async function readZarrBox(
  get: GetChunk,
  meta: ZarrArrayMeta,
  box: NdBox,
  options: ZarrReadOptions = {},
): Promise<Uint8Array> {
  const { name = "array", bytesMax = LIMITS.memoryBytes, signal, codecs } = options;
  const { itemBytes, swapBytes: swapped, littleEndian } = meta.type;
  const { result, shape: boxShape } = allocateBox(box, meta, bytesMax, name);
  if (result.length === 0) return result;
  const chunkBytes = product(meta.chunks) * itemBytes;
  const chunkStrides = stridesOf(meta.chunks, meta.order);
  const resultStrides = stridesOf(boxShape, "C");
  const steps = zarrSteps(meta);
  let fill: Uint8Array | undefined;
  for (const { chunk, from, to, at } of chunkParts(box.start, box.stop, meta.chunks)) {
    signal?.throwIfAborted();
    const key = chunkKey(chunk, meta.dimensionSeparator);
    const stored = await get(key);
    const target = { bytes: result, strides: resultStrides, offset: dot(at, resultStrides) };
    const shape = to.map((stop, i) => stop - from[i]!);
    if (stored === undefined) {
      fill ??= fillElement(meta.fillValue, meta.type.dtype);
      copyElements({ bytes: fill, strides: shape.map(() => 0), offset: 0 }, target, shape, itemBytes);
      continue;
    }
    const isSwapped = littleEndian !== HOST_LITTLE_ENDIAN && swapped > 1;
    if (meta.order === "C" && !isSwapped && steps.length === 1) {
      const lay = (piece: Uint8Array, z: number, end: number) => {
        const size = [end - z, ...shape.slice(1)];
        const offset = target.offset + (z - from[0]!) * resultStrides[0]!;
        copyElements({ bytes: piece, strides: stridesOf(size, "C"), offset: 0 }, { ...target, offset }, size, itemBytes);
      };
      if (decodeChunkBox(stored, meta.compressor, { shape: meta.chunks, itemBytes, box: { start: from, stop: to } }, lay, codecs))
        continue;
    }
    const plain = await decodeSteps(stored, steps, chunkBytes, { codecs, name: `${name}/${key}` });
    let native = plain;
    if (isSwapped) {
      native = new Uint8Array(plain); // the chunk may be the store's own memory
      swapBytes(native, swapped);
    }
    copyElements({ bytes: native, strides: chunkStrides, offset: dot(from, chunkStrides) }, target, shape, itemBytes);
  }
  return result;
}

/** The whole array. */
export function readZarrArray(get: GetChunk, meta: ZarrArrayMeta, options?: ZarrReadOptions): Promise<Uint8Array> {
  return readZarrBox(get, meta, { start: meta.shape.map(() => 0), stop: meta.shape }, options);
}

/** Number of chunks along each axis of an array. */
export function gridOf(meta: ZarrArrayMeta): number[] {
  return chunkGrid(meta.shape, meta.chunks);
}

/** Room for a box of an array, zeros, and the box's shape. @throws {EmporiumError} USAGE or FORMAT_LIMIT, see `readZarrBox`. */
export function allocateBox(
  box: NdBox,
  { shape, type }: Pick<ZarrArrayMeta, "shape" | "type">,
  bytesMax: number,
  name: string,
): { result: Uint8Array; shape: number[] } {
  requireInside(box, shape, name);
  const boxShape = box.stop.map((stop, i) => stop - box.start[i]!);
  const wanted = product(boxShape) * type.itemBytes;
  if (wanted > bytesMax) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${boxShape.join("×")} ${type.dtype} are ${counted(wanted, "byte")}, at most ${bytesMax} are read at once`,
      {
        place: { file: name },
        hint: "read the array in smaller boxes",
      },
    );
  }
  return { result: spaciousBytes(wanted), shape: boxShape };
}

function requireInside(box: NdBox, shape: readonly number[], name: string): void {
  const inside =
    box.start.length === shape.length &&
    box.stop.length === shape.length &&
    shape.every((length, i) => {
      const [from, to] = [box.start[i]!, box.stop[i]!];
      return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= length;
    });
  if (inside) return;
  throw new EmporiumError(
    "USAGE",
    `${name}: box from ${box.start.join(",")} to ${box.stop.join(",")} is outside of the array of ${shape.join("×")}`,
    {
      place: { file: name },
    },
  );
}

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[], order: "C" | "F"): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  if (order === "C") for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  else for (let i = 1; i < shape.length; i++) strides[i] = strides[i - 1]! * shape[i - 1]!;
  return strides;
}

export function dot(position: readonly number[], strides: readonly number[]): number {
  return position.reduce((sum, at, i) => sum + at * strides[i]!, 0);
}

/** Elements in memory: `offset` and `strides` count elements. */
export interface Strided {
  bytes: Uint8Array;
  strides: readonly number[];
  offset: number;
}

/** Copies a box of elements between two layouts, row by row where both have the last axis without gaps. */
export function copyElements(source: Strided, target: Strided, shape: readonly number[], itemBytes: number): void {
  const last = shape.length - 1;
  const width = last < 0 ? 1 : shape[last]!;
  const sourceStep = last < 0 ? 1 : source.strides[last]!;
  const targetStep = last < 0 ? 1 : target.strides[last]!;
  const outer = shape.slice(0, Math.max(0, last));
  for (const row of positions(
    outer.map(() => 0),
    outer,
  )) {
    let from = (source.offset + dot(row, source.strides)) * itemBytes;
    let to = (target.offset + dot(row, target.strides)) * itemBytes;
    if (sourceStep === 1 && targetStep === 1) {
      target.bytes.set(source.bytes.subarray(from, from + width * itemBytes), to);
      continue;
    }
    for (let x = 0; x < width; x++) {
      for (let b = 0; b < itemBytes; b++) target.bytes[to + b] = source.bytes[from + b]!;
      from += sourceStep * itemBytes;
      to += targetStep * itemBytes;
    }
  }
}
