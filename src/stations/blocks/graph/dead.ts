import type { ErrorRecord } from "../../../core/errors.js";
import type { BlockSource } from "../../../engine/blocks/block-source.js";
import type { BlockParams } from "../../../engine/blocks/block-stage.js";
import type { BlockRunReport } from "../../../engine/blocks/run-blocks.js";
import { ENGINE_FOLDER } from "../../../engine/plan.js";
import { canonicalJson } from "../../../engine/task-id.js";
import type { Store } from "../../../stores/store.js";

/** A block that was given up, with what a person needs to look at it. */
export interface DeadBlock {
  /** Stage and number. */
  readonly block: string;
  /** First voxel and voxels of the block in its stage's array. */
  readonly start: readonly number[];
  readonly shape: readonly number[];
  /** Stages that it read, and objects that identify the inputs. */
  readonly reads: readonly string[];
  /** Error of the block, with the end of its process's output where that died. */
  readonly error: ErrorRecord;
  /** Does this block alone. */
  readonly command: string;
}

export function* deadBlocks(source: BlockSource, report: BlockRunReport): Generator<DeadBlock> {
  for (const { index, state, error } of report.notDone()) if (state === "failed" && error) yield deadBlock(source, index, error);
}

export function deadBlock(source: BlockSource, index: number, error: ErrorRecord): DeadBlock {
  const stage = source.stageOf(index);
  const { start, shape } = source.task(index).params.block as BlockParams;
  const block = `${stage.name}/${index - stage.first}`;
  const reads = [...stage.needs.map((need) => need.stage), ...(stage.inputs ?? []).map(({ key }) => key)];
  return { block, start, shape, reads, error, command: `emporium blocks run GRAPH --only ${block}` };
}

/** A line each, beside the run's receipts; nothing where none is dead. */
export async function writeDead(store: Store, run: string, dead: readonly DeadBlock[], signal?: AbortSignal): Promise<void> {
  const key = `${ENGINE_FOLDER}/graphs/${run}.dead.ndjson`;
  if (dead.length === 0) return store.remove(key, { signal });
  const lines = dead.map((block) => `${canonicalJson(block)}\n`);
  await store.write(key, new TextEncoder().encode(lines.join("")), { signal });
}
