import { type BlockCost, type PreflightLoad, totalOf } from "./cost.js";

/** Setup of a run. */
export interface Setting {
  /** Threads that decode, or worker processes that compute. */
  readonly workers: number;
  /** Blocks that are read before they are asked for. */
  readonly prefetch: number;
  readonly memoryBytes: number;
}

/**
 * The limit of a run's speed.
 *
 * - `io`: the store's answers. `requests`: their number, since each brings few bytes.
 * - `decode`, `copy`, `compute`, `write`: as they say; `copy` is laying decoded chunks together as blocks, `write` is encoding and storing.
 * - `halo`: most of what is read and computed belongs to neighbours.
 * - `memory`: more blocks at once would help, and do not fit.
 */
export type Bound = "io" | "requests" | "decode" | "copy" | "compute" | "write" | "halo" | "memory";

export interface Prediction {
  readonly blocksPerSecond: number;
  readonly bound: Bound;
  /** Share of the time in which the consumer, or a worker's core, waits. */
  readonly idle: number;
}

/** Requests with fewer bytes are a matter of their number: a store sends so many in the time that it takes to answer. */
const REQUEST_BYTES_FEW = 128 * 1024;
/** Voxels read for each that is wanted, from which on more than half of all work is done again for a neighbour. */
const READ_AGAIN_MUCH = 2;

/**
 * Predicts a run from the mean cost of a block.
 *
 * With a consumer: the smallest of what the store gives to `prefetch` blocks at a time, what the threads decode, what the consumer takes, and what
 * passes through the memory. With workers: each does one block after the other, as many at once as fit the memory.
 */
export function predict(cost: BlockCost, load: Omit<PreflightLoad, "run">, setting: Setting): Prediction {
  return load.computesIn === "consumer" ? consumed(cost, load, setting) : worked(cost, load, setting);
}

function consumed(cost: BlockCost, load: Omit<PreflightLoad, "run">, { workers, prefetch, memoryBytes }: Setting): Prediction {
  const onCpu = cost.decode + cost.copy;
  const compute = rate(1, cost.compute);
  const decode = rate(workers, onCpu);
  const reading = rate(prefetch, cost.wait + onCpu);
  // a block takes its memory from the request until the consumer is done with it
  const memory = rate(fittingIn(memoryBytes, load), cost.wait + onCpu + cost.compute);
  const blocksPerSecond = Math.min(compute, decode, reading, memory);
  const idle = Number.isFinite(compute) ? 1 - blocksPerSecond / compute : 0;
  const bounds: readonly (readonly [Bound, number])[] = [
    ["compute", compute],
    [cpuBound(cost), decode],
    [cost.wait >= onCpu ? ioBound(cost) : cpuBound(cost), reading],
    ["memory", memory],
  ];
  const [bound] = bounds.find(([, limit]) => limit === blocksPerSecond)!;
  return { blocksPerSecond, bound: haloOr(bound, load), idle };
}

/** Blocks that are in memory at once; one at least, whatever it needs. */
export function fittingIn(memoryBytes: number, { blockBytes }: Pick<PreflightLoad, "blockBytes">): number {
  return Math.max(1, Math.floor(memoryBytes / blockBytes));
}

function worked(cost: BlockCost, load: Omit<PreflightLoad, "run">, { workers, memoryBytes }: Setting): Prediction {
  const fitting = fittingIn(memoryBytes, load);
  const total = totalOf(cost);
  const blocksPerSecond = rate(Math.min(workers, fitting), total);
  const onCpu = cost.decode + cost.copy + cost.compute + cost.encode;
  const parts: readonly (readonly [Bound, number])[] = [
    ["compute", cost.compute],
    [cpuBound(cost), cost.decode + cost.copy],
    ["write", cost.encode + cost.store],
    [ioBound(cost), cost.wait],
  ];
  const [largest] = parts.reduce((most, part) => (part[1] > most[1] ? part : most));
  const bound = fitting < workers ? "memory" : haloOr(largest, load);
  return { blocksPerSecond, bound, idle: total > 0 ? 1 - onCpu / total : 0 };
}

function ioBound({ requests, storedBytes }: BlockCost): Bound {
  return requests > 0 && storedBytes / requests < REQUEST_BYTES_FEW ? "requests" : "io";
}

/** Which of the two is the larger: they are done by the same threads, one after the other. */
function cpuBound({ decode, copy }: BlockCost): Bound {
  return copy > decode ? "copy" : "decode";
}

/** `bound`, or `halo` where most of the work is for neighbours: with smaller halos there would be less of it. `memory` stays. */
function haloOr(bound: Bound, { readAgain }: Pick<PreflightLoad, "readAgain">): Bound {
  return readAgain >= READ_AGAIN_MUCH && bound !== "memory" ? "halo" : bound;
}

function rate(servers: number, seconds: number): number {
  return seconds > 0 ? servers / seconds : Infinity;
}
