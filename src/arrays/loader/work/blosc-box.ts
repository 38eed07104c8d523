import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { BLOSC_HEADER_BYTES, type BloscHeader, bloscHeadBytes, bloscRange, readBloscHeader } from "../../kernels/blosc.js";
import { BLOSC_RESULT, bloscScratchBytes, type Kernels, ZSTD_WORK_BYTES } from "../../kernels/kernels.js";
import type { ChunkBytes, FrameForm } from "./chunk-bytes.js";
import type { DecodePart } from "./decode-job.js";

/** A Blosc frame as far as a box of it needs it. */
export interface FrameWindow {
  readonly header: BloscHeader;
  /** Addresses of the header with its table, of the window, and of scratch. */
  readonly head: number;
  readonly headBytes: number;
  readonly window: number;
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Bytes of the frame in the window. */
  readonly from: number;
  readonly to: number;
  /** These bytes are in the window already. */
  readonly isRead: boolean;
  /** Bytes of scratch that all this takes. */
  readonly need: number;
}

/** Frames up to this size are read at once: a second call of the system takes longer. */
const WHOLE_BYTES = 128 * 1024;
/** Bytes of larger frames that are read first: the header, and the offsets of up to a thousand blocks. */
const HEAD_BYTES = 4096;

/**
 * The part of a frame that holds a box, by the header and the table of blocks.
 *
 * @returns undefined for a frame that the kernels do not read.
 * @throws {EmporiumError} FORMAT_CORRUPT
 */
export function frameOf(
  chunk: ChunkBytes,
  form: FrameForm,
  part: DecodePart,
  memory: { at: number; length: number },
  bytes: Uint8Array,
): FrameWindow | undefined {
  const inMemory = chunk.addressOf(0, chunk.length);
  const wholePart = part.to[0] - part.from[0] >= form.planes;
  const first = inMemory !== undefined || wholePart || chunk.length <= WHOLE_BYTES ? chunk.length : HEAD_BYTES;
  const head = inMemory ?? memory.at;
  if (inMemory === undefined) {
    if (first > memory.length) return lacking(first);
    chunk.read(0, first, bytes, head);
  }
  const header = headerOf(chunk, form, bytes, head);
  if (!isOfKernels(bytes, head)) return undefined;
  const headBytes = bloscHeadBytes(bytes.subarray(head, head + BLOSC_HEADER_BYTES), header);
  const workBytes = bytes[head + 2]! >> 5 === ZSTD ? ZSTD_WORK_BYTES : 0;
  const scratchBytes = bloscScratchBytes(Math.min(header.blockBytes, header.plainBytes)) + workBytes;
  const whole = { header, head, headBytes: header.frameBytes, window: head, from: 0, to: header.frameBytes, isRead: true };
  if (first >= header.frameBytes) {
    const scratch = inMemory === undefined ? aligned(memory.at + first) : memory.at;
    return { ...whole, scratch, scratchBytes, need: scratch - memory.at + scratchBytes };
  }
  if (headBytes > first) {
    if (headBytes > memory.length) return lacking(headBytes);
    chunk.read(first, headBytes - first, bytes, head + first);
  }
  const { from, to } = bloscRange(bytes.subarray(head, head + headBytes), header, ...plainRange(form, part));
  const window = aligned(head + headBytes);
  const scratch = aligned(window + to - from);
  const need = scratch - memory.at + scratchBytes;
  return { header, head, headBytes, window, scratch, scratchBytes, from, to, isRead: false, need };
}

function lacking(need: number): FrameWindow {
  const header = { itemBytes: 1, plainBytes: 0, blockBytes: 0, frameBytes: 0 };
  return { header, head: 0, headBytes: 0, window: 0, scratch: 0, scratchBytes: 0, from: 0, to: 0, isRead: false, need: 2 * need };
}

function headerOf(chunk: ChunkBytes, { plainBytes }: FrameForm, bytes: Uint8Array, head: number): BloscHeader {
  const header = readBloscHeader(bytes.subarray(head, head + BLOSC_HEADER_BYTES), { file: chunk.name });
  if (header.plainBytes !== plainBytes) {
    throw corrupt(chunk, `the stream promises ${counted(header.plainBytes, "byte")}, the metadata say ${plainBytes}`);
  }
  if (header.frameBytes > chunk.length || header.frameBytes < BLOSC_HEADER_BYTES) {
    throw corrupt(chunk, `a frame of ${counted(header.frameBytes, "byte")}, ${chunk.length} are there`);
  }
  return header;
}

/** Inner codecs of Blosc, by the highest bits of its flags. */
const LZ4 = 1;
const ZSTD = 4;

/** LZ4, zstd or plain bytes, without bit shuffle. */
function isOfKernels(bytes: Uint8Array, head: number): boolean {
  const flags = bytes[head + 2]!;
  const codec = flags >> 5;
  return bytes[head] === 2 && ((flags & 2) !== 0 || ((codec === LZ4 || codec === ZSTD) && (flags & 4) === 0));
}

/** First byte of the box in the plain chunk, and the one behind its last. */
export function plainRange({ rows, rowBytes, firstPlane, itemBytes }: FrameForm, { from, to }: DecodePart): [number, number] {
  const at = (z: number, y: number) => ((firstPlane + z) * rows + y) * rowBytes;
  return [at(from[0], from[1]) + from[2] * itemBytes, at(to[0] - 1, to[1] - 1) + to[2] * itemBytes];
}

/** @throws {EmporiumError} FORMAT_CORRUPT @returns bytes that were decoded: those of the blocks that the box touches. */
export function decodeFrameBox(
  frame: FrameWindow,
  chunk: ChunkBytes,
  form: FrameForm,
  part: DecodePart,
  kernels: Kernels,
  bytes: Uint8Array,
): number {
  const { header, head, headBytes, window, from, to, scratch, scratchBytes } = frame;
  if (!frame.isRead) chunk.read(from, to - from, bytes, window);
  const opened = kernels.openFrame(head, headBytes, window, from, to, scratch, scratchBytes);
  const { planes, rows, rowBytes, firstPlane, itemBytes } = form;
  const { rowStride, planeStride } = stridesOf(part, itemBytes);
  const result =
    opened !== BLOSC_RESULT.ok
      ? opened
      : kernels.decodeBox(
          planes,
          rows,
          rowBytes,
          firstPlane + part.from[0],
          firstPlane + part.to[0],
          part.from[1],
          part.to[1],
          part.from[2] * itemBytes,
          part.to[2] * itemBytes,
          part.target,
          rowStride,
          planeStride,
        );
  if (result !== BLOSC_RESULT.ok) throw corrupt(chunk, FAULTS[result] ?? `the decoder answers ${result}`);
  const [first, end] = plainRange(form, part);
  const block = Math.max(1, header.blockBytes);
  return Math.min(header.plainBytes, Math.ceil(end / block) * block) - Math.floor(first / block) * block;
}

/** Bytes from row to row and from plane to plane of the target. */
export function stridesOf({ from, to, rowStride, planeStride }: DecodePart, itemBytes: number) {
  const row = rowStride ?? (to[2] - from[2]) * itemBytes;
  return { rowStride: row, planeStride: planeStride ?? row * (to[1] - from[1]) };
}

const FAULTS: Readonly<Record<number, string>> = {
  [BLOSC_RESULT.badHeader]: "these 16 bytes are no valid Blosc-1 header",
  [BLOSC_RESULT.outside]: "a Blosc frame points behind its own end",
  [BLOSC_RESULT.badStream]: "a Blosc frame whose compressed data is broken or not of the promised length",
};

function corrupt({ name }: ChunkBytes, message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", `${name}: blosc: ${message}`, {
    place: { file: name },
    hint: "copy the chunk again: it is damaged or cut short",
  });
}

/** The next address at which vectors are loaded and stored fast: a multiple of 16. */
export function aligned(address: number): number {
  return Math.ceil(address / 16) * 16;
}
