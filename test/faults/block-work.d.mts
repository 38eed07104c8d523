import type { BlockSource } from "../../src/engine/blocks/block-source.js";
import type { BlockRunReport, NotDone } from "../../src/engine/blocks/run-blocks.js";
import type { WorkerProcessesOptions } from "../../src/engine/executors/worker-processes.js";

export interface BlockWorkData {
  folder: string;
  side: number;
  processes?: number;
  dieAt?: Record<number, number>;
  hangAt?: number;
  failAt?: number;
  passingAt?: number;
  hasBadProcess?: boolean;
  memoryBytes?: number;
  slowAt?: number;
}
export function blocksOf(data: BlockWorkData): BlockSource;
export function run(data: BlockWorkData, facts?: Partial<WorkerProcessesOptions>): Promise<BlockRunReport & { left: NotDone[] }>;
