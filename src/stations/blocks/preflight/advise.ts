import { type Triple, volumeOf } from "../../../core/box.js";
import { type BlockCost, type PreflightLoad, totalOf } from "./cost.js";
import { fittingIn, type Prediction, predict, type Setting } from "./model.js";

/** Shapes of the blocks and of the volume that they are cut from. */
export interface Layout {
  /** Voxels of a block without its halo, of the halo on each side, and of what is decoded at once. */
  readonly block: Triple;
  readonly halo: Triple;
  readonly chunk: Triple;
  /** Voxels of the volume. */
  readonly shape: Triple;
}

export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** Numbers for a run, and what they are expected to give. */
export interface Advice extends Setting {
  /** Bytes of blocks that are in memory at once. */
  readonly neededBytes: number;
  /** Consecutive blocks that are worth one task: about 2 s. */
  readonly batch: number;
  /** Jobs of a cluster, about 10 minutes each. */
  readonly slices: number;
  readonly block: Triple;
  /** Chunk for the next time that the volume is written. */
  readonly chunk: Triple;
  readonly expected: Prediction;
  readonly seconds: number;
}

/** Factor on the workers and the prefetch that are needed, since blocks are not alike. */
const RESERVE = 1.2;
const PREFETCH_MAX = 64;
const BATCH_SECONDS = 2;
const SLICE_SECONDS = 600;
/** Voxels read for each that is wanted: what a halo may cost. */
const READ_AGAIN_MAX = 1.6;
const CHUNK_BYTES_MIN = 256 * 1024;

export function advise(cost: BlockCost, load: Omit<PreflightLoad, "run">, layout: Layout, machine: Machine): Advice {
  const { cores, memoryBytes } = machine;
  const fitting = fittingIn(memoryBytes, load);
  const onCpu = cost.decode + cost.copy;
  const target = cost.compute > 0 ? 1 / cost.compute : cores / Math.max(onCpu, 1e-6);
  const workers =
    load.computesIn === "workers" ? Math.min(cores, fitting) : between(1, Math.ceil(RESERVE * target * onCpu), cores);
  const wanted = Math.ceil(RESERVE * target * (cost.wait + onCpu)) + 1;
  const prefetch = load.computesIn === "workers" ? 0 : between(1, Math.min(wanted, fitting), PREFETCH_MAX);
  const setting = { workers, prefetch, memoryBytes };
  const expected = predict(cost, load, setting);
  const seconds = load.blocks / expected.blocksPerSecond;
  return {
    ...setting,
    neededBytes: load.blockBytes * (load.computesIn === "workers" ? workers : Math.min(prefetch + 1, fitting)),
    batch: between(1, Math.round(BATCH_SECONDS / Math.max(totalOf(cost), 1e-6)), load.blocks),
    slices: between(1, Math.ceil(seconds / SLICE_SECONDS), load.blocks),
    block: largerBlock(layout, Math.max(1, fitting / (prefetch + workers + 1)), expected),
    chunk: largerChunk(cost, layout),
    expected,
    seconds,
  };
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}

/**
 * Doubles the shortest edge while halos cost much, or blocks are small against requests or against the pieces that they are laid together from, as
 * far as the memory goes.
 */
function largerBlock({ block, halo, shape }: Layout, timesMax: number, { bound }: Prediction): Triple {
  let larger: Triple = [...block];
  if (bound !== "halo" && bound !== "requests" && bound !== "copy") return larger;
  const isEnough = (one: Triple) =>
    bound === "halo" ? readAgain(one, halo) <= READ_AGAIN_MAX : volumeOf(one) >= 8 * volumeOf(block);
  while (!isEnough(larger)) {
    const axis = shortest(larger, shape);
    if (axis < 0) break;
    const next = larger.map((length, at) => (at === axis ? Math.min(2 * length, shape[at]!) : length)) as Triple;
    if (volumeOf(next) > timesMax * volumeOf(block)) break;
    larger = next;
  }
  return larger;
}

/** Voxels that are read for each that is wanted. */
export function readAgain(block: Triple, halo: Triple): number {
  return volumeOf(block.map((length, axis) => length + 2 * halo[axis]!) as Triple) / volumeOf(block);
}

function shortest(lengths: Triple, most: Triple): number {
  return lengths.reduce((best, length, axis) => {
    if (length >= most[axis]!) return best;
    return best < 0 || length < lengths[best]! ? axis : best;
  }, -1);
}

/** Chunks are doubled along their shortest edges until a request brings enough. */
function largerChunk({ requests, storedBytes }: BlockCost, { chunk, shape }: Layout): Triple {
  const larger: Triple = [...chunk];
  if (requests === 0 || storedBytes === 0) return larger;
  for (let bytes = storedBytes / requests; bytes < CHUNK_BYTES_MIN; bytes *= 2) {
    const axis = shortest(larger, shape);
    if (axis < 0) break;
    larger[axis] = Math.min(2 * larger[axis]!, shape[axis]!);
  }
  return larger;
}
