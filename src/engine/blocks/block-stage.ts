import { createHash } from "node:crypto";
import type { PlainObject, TaskInput } from "../task.js";
import { canonicalJson } from "../task-id.js";
import type { ChunkOutputs } from "./chunk-outputs.js";
import type { NumberedGrid } from "./numbers.js";
import type { BlockNeed } from "./relation.js";

/**
 * The same work for each block of a grid. Plain JSON, whatever the number of blocks: it can be printed, hashed and sent to another process,
 * which makes the same tasks of it.
 */
export interface BlockStage extends NumberedGrid {
  /** Lower-case letters, digits and hyphens: part of the names of files. */
  readonly name: string;
  /** Name of a registered operation. It finds its block in `task.params.block` (`BlockParams`). */
  readonly run: string;
  readonly params: PlainObject;
  /** Stages before this one, or the stage itself. */
  readonly needs: readonly BlockNeed[];
  /**
   * Inputs that all its tasks read, as they were when the graph was made: the metadata of an array, for example, instead of each
   * chunk.
   */
  readonly inputs?: readonly TaskInput[] | undefined;
  /** Objects that its tasks write. Absent for a stage whose results are its receipts alone. */
  readonly outputs?: ChunkOutputs | undefined;
  /** Its outputs are for other stages alone: a block that is gone is made again only where a block that needs it is not done. */
  readonly isTemporary?: boolean | undefined;
  /** Bytes that each task reads; this and the following fields are as `Task` has them. */
  readonly bytes: number;
  readonly memoryBytes: number;
  readonly threads: 1 | "all";
  readonly deterministic?: false | undefined;
}

/** `task.params.block` of a block's task, in voxels of its stage; `at` and `start` are `[z, y, x]`. */
export type BlockParams = {
  /** Number of the block, in C order of the whole grid. */
  readonly index: number;
  readonly at: readonly [number, number, number];
  readonly start: readonly [number, number, number];
  /** Voxels of the block: fewer than the grid's at the far ends. */
  readonly shape: readonly [number, number, number];
};

/** Names a stage by what it does, what it reads and what it needs: 32 hexadecimal digits. @param before hashes of the stages before it */
export function stageHash(stage: BlockStage, before: ReadonlyMap<string, string>): string {
  const { run, params, shape, block, numbers, inputs = [], outputs, needs } = stage;
  const needed = needs.map((need) => ({ ...need, stage: before.get(need.stage) ?? "itself" }));
  const identities = inputs.map(({ key, size, etag, modifiedMs }) => ({
    key,
    size,
    ...(etag === undefined ? { modifiedMs } : { etag }),
  }));
  const text = canonicalJson({
    ...{ run, params, shape, block, inputs: identities, outputs, needs: needed },
    ...(numbers ? { numbers } : {}),
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
