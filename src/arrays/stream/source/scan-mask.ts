import { volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { compressionOf } from "../../../formats/mrc/detect.js";
import { parseMrcHeader } from "../../../formats/mrc/header.js";
import { requireRealVolume } from "../../../formats/mrc/meaning.js";
import type { Store } from "../../../stores/store.js";
import { CONVERT, instantiateKernels, type Kernels, kernelModule, sharedMemory } from "../../kernels/kernels.js";
import { COUNTS_BYTES } from "../plan/forms.js";
import { type Voxel, voxelOf } from "../plan/job.js";
import { type MaskSelection, notALabel } from "../plan/selection.js";
import { decompressed, headBehind, pieces } from "./compressed.js";
import { mrcVoxel, openHead } from "./open-volume.js";
import { describeZarr, isZarrKey, zarrBoxes, zarrVoxel } from "./zarr-volume.js";

export interface ScanOptions {
  /** The reference's reading of mode 0. */
  compat: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Which of the questions some voxel of a volume answers with yes: is there one of this label, one of this threshold or above? One reading for
 * all, from front to back, in some MiB of memory and without a file on disk; it ends with the last yes.
 *
 * @returns one answer for each of `wanted`, in their order.
 * @throws {EmporiumError} as `describeVolume`; FORMAT_TRUNCATED or FORMAT_CORRUPT where that shows before the last yes; the signal's reason.
 */
export async function scanMask(
  store: Store,
  key: string,
  wanted: readonly MaskSelection[],
  options: ScanOptions,
): Promise<boolean[]> {
  const found = wanted.map(() => false);
  if (wanted.length === 0) return found;
  for await (const { kernels, floats, to, count } of floatPieces(store, key, options)) {
    for (const [i, one] of wanted.entries()) {
      if (found[i]) continue;
      const hits =
        "equals" in one
          ? kernels.selectEqual(floats, to, count, one.equals)
          : kernels.selectAtLeast(floats, to, count, one.atLeast);
      found[i] = hits > 0;
    }
    if (!found.includes(false)) break;
  }
  return found;
}

/**
 * The labels above 0 of an instance mask, ascending: one reading, in some MiB of memory.
 *
 * @throws {EmporiumError} FORMAT_FIELD for a voxel that is no whole number from 0 to 65535, and as `scanMask`.
 */
export async function scanLabels(store: Store, key: string, options: ScanOptions): Promise<number[]> {
  let counts: Uint32Array = new Uint32Array(0);
  for await (const { kernels, floats, to, count, table, memory, placeOf, name, flipped } of floatPieces(store, key, options)) {
    const good = kernels.toLabels(floats, to, count);
    if (good < count) throw notALabel(name, new DataView(memory).getFloat32(floats + 4 * good, true), placeOf(good), flipped);
    kernels.countLabels(to, count, table);
    counts = new Uint32Array(memory, table, COUNTS_BYTES / 4);
  }
  return [...counts.keys()].filter((label) => label > 0 && counts[label]! > 0);
}

interface Piece {
  kernels: Kernels;
  memory: ArrayBufferLike;
  /** Address of `count` voxels as float32, of as much room for what becomes of them, and of a table of counts. */
  floats: number;
  to: number;
  table: number;
  count: number;
  name: string;
  flipped: boolean;
  /** Position `[z, y, x]` of a voxel of the piece. */
  placeOf(index: number): [z: number, y: number, x: number];
}

const PIECE_VOXELS = 65_536;

/** Every voxel of a volume once, some at a time, as float32 in a memory of its own. */
async function* floatPieces(store: Store, key: string, options: ScanOptions): AsyncGenerator<Piece> {
  const raw = 0;
  const floats = PIECE_VOXELS * 8;
  const to = floats + PIECE_VOXELS * 4;
  const table = to + PIECE_VOXELS * 2;
  const bytes = table + COUNTS_BYTES;
  const shared = sharedMemory(bytes, bytes);
  const kernels = instantiateKernels(kernelModule(), shared);
  const memory = shared.buffer;
  const view = new Uint8Array(memory);
  for await (const run of voxelRuns(store, key, options)) {
    options.signal?.throwIfAborted();
    const { convert, itemBytes } = run.voxel;
    for (let first = 0; first < run.count; first += PIECE_VOXELS) {
      const count = Math.min(PIECE_VOXELS, run.count - first);
      view.set(run.bytes.subarray(first * itemBytes, Math.ceil((first + count) * itemBytes)), raw);
      if (run.swap) kernels.swap(itemBytes, raw, count);
      kernels.convert(CONVERT[convert], raw, floats, count);
      const placeOf = (index: number) => run.placeOf(first + index);
      yield { kernels, memory, floats, to, table, count, name: run.name, flipped: convert === "int8Flipped", placeOf };
    }
  }
}

/** Stored voxels that follow each other without gaps. */
interface Run {
  name: string;
  bytes: Uint8Array;
  count: number;
  voxel: Voxel;
  swap: boolean;
  placeOf(index: number): [z: number, y: number, x: number];
}

async function* voxelRuns(store: Store, key: string, options: ScanOptions): AsyncGenerator<Run> {
  if (!isZarrKey(key)) {
    yield* mrcRuns(store, key, options);
    return;
  }
  const volume = await describeZarr(store, key, options.signal);
  const { name, shape } = volume;
  const voxel = voxelOf({ name, shape, dtype: zarrVoxel(volume).dtype, littleEndian: true, data: { path: "", offset: 0 } });
  for await (const { bytes, start, size } of zarrBoxes(store, volume, options.signal)) {
    const placeOf = (index: number): [number, number, number] => {
      const row = Math.floor(index / size[2]);
      return [start[0] + Math.floor(row / size[1]), start[1] + (row % size[1]), start[2] + (index % size[2])];
    };
    yield { name, bytes, count: volumeOf(size), voxel, swap: false, placeOf };
  }
}

/** Whole rows of the file as it is stored; a volume's axes do not matter to what is asked. */
async function* mrcRuns(store: Store, key: string, { compat, signal }: ScanOptions): AsyncGenerator<Run> {
  const { object, head } = await openHead(store, key, signal);
  const { name } = object;
  const compression = compressionOf(head);
  const header = parseMrcHeader(compression ? await headBehind(object, compression, head.length) : head, { name });
  requireRealVolume(header, name);
  const stored = mrcVoxel(header, compat);
  const voxel = voxelOf({ name, shape: header.shape, ...stored, data: { path: "", offset: 0 } });
  const [nz, ny, nx] = header.shape;
  const rowBytes = Math.ceil(nx * voxel.itemBytes);
  // rows of an odd number of packed voxels end with half a byte that is none
  const rowsAtOnce = Number.isInteger(nx * voxel.itemBytes) ? Number.POSITIVE_INFINITY : 1;
  const swap = !stored.littleEndian && voxel.itemBytes > 1;
  const stream = compression ? decompressed(object, compression, signal) : pieces(object, signal, header.dataOffset);
  let skip = compression ? header.dataOffset : 0;
  let row = 0;
  let held = new Uint8Array(0);
  for await (const piece of stream) {
    const from = Math.min(skip, piece.length);
    skip -= from;
    const fresh = piece.subarray(from);
    const bytes = held.length === 0 ? fresh : joined(held, fresh);
    const whole = Math.min(Math.floor(bytes.length / rowBytes), nz * ny - row);
    for (let r = 0; r < whole; r += rowsAtOnce) {
      const first = row + r;
      const rows = Math.min(rowsAtOnce, whole - r);
      const placeOf = (index: number): [number, number, number] => {
        const line = first + Math.floor(index / nx);
        return [Math.floor(line / ny), line % ny, index % nx];
      };
      yield { name, bytes: bytes.subarray(r * rowBytes), count: rows * nx, voxel, swap, placeOf };
    }
    row += whole;
    held = bytes.slice(whole * rowBytes);
    if (row === nz * ny) return;
  }
  const byte = header.dataOffset + row * rowBytes + held.length;
  throw new EmporiumError("FORMAT_TRUNCATED", `${name} ends at byte ${byte}, its header promises more`, {
    place: { file: name, byte },
    hint: "copy the file again: it was cut short, or is still being written",
  });
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
