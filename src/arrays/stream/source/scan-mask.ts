import type { Store } from "../../../stores/store.js";
import { CONVERT, instantiateKernels, type Kernels, kernelModule, sharedMemory } from "../../kernels/kernels.js";
import { COUNTS_BYTES } from "../plan/forms.js";
import { type MaskSelection, notALabel } from "../plan/selection.js";
import { sourceOf } from "./open-volume.js";
import type { ScanOptions } from "./volume.js";

/**
 * Which of these a volume has: a voxel of one label, a voxel of one threshold or above. One reading answers all, in some MiB of
 * memory and without a file on disk; it ends at the last yes.
 *
 * @returns one answer for each of `wanted`, in their order.
 * @throws {EmporiumError} as `describeVolume`; FORMAT_TRUNCATED or FORMAT_CORRUPT if found before the last yes; the signal's
 *   reason.
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
  for await (const run of (await sourceOf(store, key)).runs(store, key, options)) {
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
