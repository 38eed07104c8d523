import { PHASES } from "../../../engine/blocks/figures.js";

/** Cost of one block: times in seconds, requests and bytes. Threads that work at the same time each count in `decode`. */
export interface BlockCost {
  /** Time until the store had answered. */
  readonly wait: number;
  readonly decode: number;
  /** Laying decoded chunks together as the block. */
  readonly copy: number;
  readonly compute: number;
  readonly encode: number;
  readonly store: number;
  readonly requests: number;
  /** Bytes as they are stored. */
  readonly storedBytes: number;
}

/** Blocks that are measured: real ones of a volume or a graph, or those of a test. */
export interface PreflightLoad {
  /** Blocks in all. */
  readonly blocks: number;
  /** Memory that a block holds from its first byte until it is done with. */
  readonly blockBytes: number;
  /** Voxels that are read for each that is wanted: 1 without halos. */
  readonly readAgain: number;
  /** `consumer`: one process takes the blocks that others have read, such as one that trains a model. `workers`: each worker does all of a block. */
  readonly computesIn: "consumer" | "workers";
  /** Reads, and computes, the block at a position of the locality order, and nothing beside it. Writes nothing. */
  run(position: number, signal: AbortSignal | undefined): Promise<BlockCost>;
}

export function totalOf(cost: BlockCost): number {
  return PHASES.reduce((sum, phase) => sum + cost[phase], 0);
}

/** Mean of each field. @param costs at least one */
export function meanCost(costs: readonly BlockCost[]): BlockCost {
  const mean = (field: keyof BlockCost) => costs.reduce((sum, cost) => sum + cost[field], 0) / costs.length;
  return {
    wait: mean("wait"),
    decode: mean("decode"),
    copy: mean("copy"),
    compute: mean("compute"),
    encode: mean("encode"),
    store: mean("store"),
    requests: mean("requests"),
    storedBytes: mean("storedBytes"),
  };
}
