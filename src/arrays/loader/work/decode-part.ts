import type { Triple } from "../../../core/box.js";
import { spaciousBytes } from "../../../core/bytes.js";
import { systemClock } from "../../../core/clock.js";
import { swapBytes } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { BLOSC_HEADER_BYTES } from "../../kernels/blosc.js";
import { BLOSC_RESULT, type Kernels, ZSTD_WORK_BYTES } from "../../kernels/kernels.js";
import type { ChunkCoding, StepCoding } from "../chunked.js";
import { copyElementBox, fillElementBox, packed } from "../copy.js";
import { plainChunk } from "../plain-chunk.js";
import { aligned, decodeFrameBox, frameOf, plainRange, stridesOf } from "./blosc-box.js";
import type { ChunkBytes, FrameForm } from "./chunk-bytes.js";
import type { DecodeJob, DecodePart, PartResult } from "./decode-job.js";
import { elementSpan } from "./element-span.js";
import { type ChunkFile, type chunkFiles, readChunk } from "./files.js";
import { threadCodecs } from "./thread-codecs.js";

/** A decoding thread's kernels, memory and time. */
export interface Workplace {
  readonly kernels: Kernels;
  /** The shared memory. */
  readonly bytes: Uint8Array;
  /** Milliseconds that the job at hand spent on reading files, and on all else. */
  spentMs: { wait: number; decode: number };
}

/** The next part needs more memory than the job has. */
export class LacksMemory extends Error {
  constructor(readonly need: { scratch: number; aside: number }) {
    super("more memory is needed");
  }
}

/** @throws {LacksMemory} and {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED, STORE_CONFLICT, … */
export async function decodePart(
  job: DecodeJob,
  part: DecodePart,
  place: Workplace,
  files: ReturnType<typeof chunkFiles>,
): Promise<PartResult> {
  const began = systemClock.monotonic();
  const waited = place.spentMs.wait;
  const counts = { stored: 0, reads: 0 };
  const chunk = bytesOf(job, part, place, files, counts);
  if (!chunk) return { storedBytes: 0, decodedBytes: 0, reads: 1, absent: true };
  const { coding } = job;
  const decodedBytes =
    coding.kind === "steps" && coding.steps.length === 0
      ? copyPlain(job, part, coding, chunk, place)
      : (decodeBlosc(job, part, coding, chunk, place) ??
        decodeZstd(job, part, coding, chunk, place) ??
        (await decodeWhole(job, part, chunk, place)));
  place.spentMs.decode += systemClock.monotonic() - began - (place.spentMs.wait - waited);
  return { storedBytes: counts.stored, decodedBytes, reads: counts.reads };
}

function bytesOf(
  job: DecodeJob,
  { source, cell }: DecodePart,
  { bytes, spentMs }: Workplace,
  files: ReturnType<typeof chunkFiles>,
  counts: { stored: number; reads: number },
): ChunkBytes | undefined {
  const name = `${job.name}[${cell.join(",")}]`;
  if (!("path" in source)) {
    const { at, length, skipped } = source;
    return {
      name,
      length: skipped + length,
      addressOf: (from) => at + from - skipped,
      read: (from, count, to, out) => to.set(bytes.subarray(at + from - skipped, at + from - skipped + count), out),
    };
  }
  const file = timed(spentMs, () => files.open(source));
  if (!file) return undefined;
  return {
    name: source.offset === undefined ? file.path : name,
    length: file.length,
    addressOf: () => undefined,
    read(from, count, to, out) {
      timed(spentMs, () => readChunk(file as ChunkFile, from, count, to, out));
      counts.stored += count;
      counts.reads++;
    },
  };
}

function timed<T>(spentMs: Workplace["spentMs"], work: () => T): T {
  const began = systemClock.monotonic();
  try {
    return work();
  } finally {
    spentMs.wait += systemClock.monotonic() - began;
  }
}

function targetOf(part: DecodePart, itemBytes: number, bytes: Uint8Array) {
  const shape = part.to.map((stop, axis) => stop - part.from[axis]!) as Triple;
  const { rowStride, planeStride } = stridesOf(part, itemBytes);
  const width = shape[2] * itemBytes;
  const end = part.target + (shape[0] - 1) * planeStride + (shape[1] - 1) * rowStride + width;
  const strides: Triple = [planeStride / itemBytes, rowStride / itemBytes, 1];
  const isPacked = (rowStride === width || shape[1] === 1) && (planeStride === shape[1] * width || shape[0] === 1);
  const elements = { bytes: bytes.subarray(part.target, end), offset: 0, strides };
  return { shape, elements, wanted: shape[0] * shape[1] * width, rowStride, planeStride, isPacked };
}

/** Rows are read together with what lies between them, up to so many bytes: a call of the system takes as long. */
const GAP_BYTES = 16 * 1024;

/** Bytes that are not compressed: only the wanted part of them is read. */
function copyPlain(job: DecodeJob, part: DecodePart, coding: StepCoding, chunk: ChunkBytes, place: Workplace): number {
  const { bytes } = place;
  const { itemBytes, strides, plainBytes } = coding;
  if (chunk.addressOf(0, 0) === undefined && chunk.length !== plainBytes) throw wrongLength(chunk, plainBytes);
  const { count, offset, target: step } = part.repeat ?? ONCE;
  const { shape, elements, wanted, isPacked } = targetOf(part, itemBytes, bytes);
  const { first, span } = elementSpan(coding, part);
  const [at, length] = [first * itemBytes, span * itemBytes];
  const address = chunk.addressOf(at, length);
  if (address !== undefined) {
    const source = bytes.subarray(address, address + length);
    copyElementBox({ bytes: source, offset: 0, strides }, elements, shape, itemBytes);
  } else if (isPacked && length === wanted && isInOrder(strides, shape)) {
    for (let i = 0; i < count; i++) chunk.read(at + i * offset, wanted, bytes, part.target + i * step);
  } else if (strides[2] === 1 && strides[shape[1] === 1 ? 0 : 1] >= shape[2]) {
    const { rowStride, planeStride } = stridesOf(part, itemBytes);
    // planes of one row are rows
    const isFlat = shape[1] === 1;
    const rows: Rows = {
      count: shape[isFlat ? 0 : 1],
      width: shape[2] * itemBytes,
      pitch: strides[isFlat ? 0 : 1] * itemBytes,
      stride: isFlat ? planeStride : rowStride,
    };
    for (let i = 0; i < count; i++)
      for (let z = 0; z < (isFlat ? 1 : shape[0]); z++) {
        const from = at + i * offset + z * strides[0] * itemBytes;
        readRows(job, chunk, place, rows, from, part.target + i * step + z * planeStride);
      }
  } else {
    requireMemory(job, length, 0);
    const source = bytes.subarray(job.scratch.at, job.scratch.at + length);
    for (let i = 0; i < count; i++) {
      chunk.read(at + i * offset, length, bytes, job.scratch.at);
      const { elements: to } = i === 0 ? { elements } : targetOf({ ...part, target: part.target + i * step }, itemBytes, bytes);
      copyElementBox({ bytes: source, offset: 0, strides }, to, shape, itemBytes);
    }
  }
  // voxels that are changed lie side by side, those of all repetitions
  const voxels = bytes.subarray(part.target, part.target + count * wanted);
  if (coding.swapBytes > 1) swapBytes(voxels, coding.swapBytes);
  if (coding.flipSign) for (let i = 0; i < voxels.length; i++) voxels[i]! ^= 0x80;
  return count * wanted;
}

/** Whether the elements of a box without gaps lie in C order: a transposed chunk has none either, and another order. */
function isInOrder(strides: Triple, shape: Triple): boolean {
  const own = packed(shape);
  return strides.every((stride, axis) => shape[axis] === 1 || stride === own[axis]);
}

const ONCE = { count: 1, offset: 0, target: 0 };

/** Bytes of rows: `pitch` from one to the next in the chunk, `stride` in memory. */
interface Rows {
  readonly count: number;
  readonly width: number;
  readonly pitch: number;
  readonly stride: number;
}

/** Reads rows, as many at once as there is memory for, or one by one where they lie far apart. */
function readRows(
  { scratch }: DecodeJob,
  chunk: ChunkBytes,
  { kernels, bytes }: Workplace,
  { count, width, pitch, stride }: Rows,
  from: number,
  to: number,
): void {
  const most = pitch - width > GAP_BYTES ? 1 : Math.max(1, Math.floor((scratch.length - width) / pitch) + 1);
  for (let row = 0; row < count; row += most) {
    const n = Math.min(most, count - row);
    const [start, out] = [from + row * pitch, to + row * stride];
    if (n === 1 || (pitch === width && stride === width)) chunk.read(start, n * width, bytes, out);
    else {
      chunk.read(start, (n - 1) * pitch + width, bytes, scratch.at);
      kernels.copyBox(scratch.at, n, pitch, 0, 1, 0, n, 0, width, out, stride, 0);
    }
  }
}

function requireMemory({ scratch, aside }: DecodeJob, scratchBytes: number, asideBytes: number): void {
  if (scratch.length < scratchBytes || aside < asideBytes) {
    throw new LacksMemory({ scratch: Math.max(scratchBytes, scratch.length), aside: Math.max(asideBytes, aside) });
  }
}

/** A Blosc frame of LZ4 in C order: only the blocks that the box touches. Undefined: another decoder is needed. */
function decodeBlosc(
  job: DecodeJob,
  part: DecodePart,
  coding: ChunkCoding,
  chunk: ChunkBytes,
  { kernels, bytes }: Workplace,
): number | undefined {
  const form = coding.kind === "steps" ? frameForm(coding, job.chunk, "blosc") : undefined;
  if (!form || chunk.length < BLOSC_HEADER_BYTES) return undefined;
  const frame = frameOf(chunk, form, part, job.scratch, bytes);
  if (!frame) return undefined;
  if (frame.need > job.scratch.length) throw new LacksMemory({ scratch: frame.need, aside: job.aside });
  return decodeFrameBox(frame, chunk, form, part, kernels, bytes);
}

/**
 * A chunk of zstd in C order: decoded up to the last byte of the box, and where the box is all of it, right there. Undefined: another decoder is
 * needed, which also says what is wrong with a damaged chunk.
 */
function decodeZstd(
  job: DecodeJob,
  part: DecodePart,
  coding: ChunkCoding,
  chunk: ChunkBytes,
  { kernels, bytes }: Workplace,
): number | undefined {
  const form = coding.kind === "steps" ? frameForm(coding, job.chunk, "zstd") : undefined;
  if (!form) return undefined;
  const { rows, rowBytes, firstPlane, plainBytes, itemBytes } = form;
  const { from, to, target } = part;
  const { rowStride, planeStride, wanted, isPacked } = targetOf(part, itemBytes, bytes);
  const isWhole = isPacked && wanted === plainBytes;
  const inMemory = chunk.addressOf(0, chunk.length);
  const stored = ZSTD_WORK_BYTES;
  const plain = aligned(stored + (inMemory === undefined ? chunk.length : 0));
  requireMemory(job, plain + (isWhole ? 0 : plainBytes), 0);
  if (inMemory === undefined) chunk.read(0, chunk.length, bytes, job.scratch.at + stored);
  const at = isWhole ? target : job.scratch.at + plain;
  const end = plainRange(form, part)[1];
  const source = inMemory ?? job.scratch.at + stored;
  if (kernels.decodeZstd(source, chunk.length, at, plainBytes, end, job.scratch.at) !== BLOSC_RESULT.ok) return undefined;
  const [z0, z1] = [firstPlane + from[0], firstPlane + to[0]];
  const [x0, x1] = [from[2] * itemBytes, to[2] * itemBytes];
  if (!isWhole) kernels.copyBox(at, rows, rowBytes, z0, z1, from[1], to[1], x0, x1, target, rowStride, planeStride);
  return end;
}

function frameForm(
  { steps, swapBytes, flipSign, strides, offset, plainBytes, itemBytes }: StepCoding,
  chunk: Triple,
  codec: "blosc" | "zstd",
): FrameForm | undefined {
  const [step] = steps;
  const plane = chunk[1] * chunk[2];
  const isPlain = strides[2] === 1 && strides[1] === chunk[2] && (strides[0] === plane || chunk[0] === 1);
  if (steps.length !== 1 || step?.kind !== "compressor" || step.config.id !== codec) return undefined;
  if (swapBytes > 1 || flipSign || !isPlain || offset % plane !== 0) return undefined;
  const planes = plainBytes / (plane * itemBytes);
  return { planes, rows: chunk[1], rowBytes: chunk[2] * itemBytes, firstPlane: offset / plane, plainBytes, itemBytes };
}

/** Decodes all other codings: the whole chunk, by decoders with memory of their own. */
async function decodeWhole(job: DecodeJob, part: DecodePart, chunk: ChunkBytes, { bytes }: Workplace): Promise<number> {
  const { coding } = job;
  const plainBytes = coding.kind === "steps" ? coding.plainBytes : job.chunk.reduce((a, b) => a * b, coding.itemBytes);
  requireMemory(job, 0, chunk.length + (isEncodedTwice(coding) ? 4 : 2) * plainBytes);
  const stored = spaciousBytes(chunk.length);
  chunk.read(0, chunk.length, stored, 0);
  const plain = await plainChunk(stored, coding, part.cell, chunk.name, threadCodecs);
  const { shape, elements } = targetOf(part, coding.itemBytes, bytes);
  const extent = shape.map((length, axis) => {
    const there = plain.extent?.[axis] ?? job.chunk[axis]!;
    return Math.min(length, Math.max(0, there - part.from[axis]!));
  }) as Triple;
  if (extent.some((length, axis) => length < shape[axis]!)) fillElementBox(new Uint8Array(coding.itemBytes), elements, shape);
  const offset = plain.strides.reduce((sum, stride, axis) => sum + stride * part.from[axis]!, plain.offset);
  copyElementBox({ bytes: plain.bytes, offset, strides: plain.strides }, elements, extent, coding.itemBytes);
  return plain.bytes.length;
}

/** Pictures and labels, with or without gzip around them: what is in between takes memory as well. */
function isEncodedTwice(coding: ChunkCoding): boolean {
  return coding.kind === "precomputed" && coding.scale.encoding !== "raw";
}

function wrongLength({ name, length }: ChunkBytes, plainBytes: number): EmporiumError {
  return new EmporiumError("FORMAT_TRUNCATED", `${name}: ${counted(length, "byte")} stored, the metadata say ${plainBytes}`, {
    place: { file: name, byte: length },
    hint: "copy the file again: it was cut short",
  });
}
