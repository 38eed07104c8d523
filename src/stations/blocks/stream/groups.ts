import type { Block } from "../../../arrays/blocks/blocks.js";
import type { StreamBatch } from "./batch.js";

/**
 * Blocks in batches of `size`. Their voxels are kept until the batch is done.
 *
 * @param contents of one batch, once its blocks are read
 * @param reuse gets the memory of each piece when nobody looks at it any more
 */
export async function* inGroups<T>(
  blocks: AsyncIterable<Block<T>>,
  size: number,
  contents: (blocks: readonly Block<T>[]) => Promise<Pick<StreamBatch, "arrays" | "facts">>,
  reuse: (bytes: Uint8Array) => void = () => {},
): AsyncGenerator<StreamBatch, void, void> {
  let group: Block<T>[] = [];
  for await (const block of blocks) {
    block.read().catch(() => {}); // told when the batch is complete
    group.push(block);
    if (group.length < size) continue;
    yield batchOf(group, await contents(group), reuse);
    group = [];
  }
  if (group.length > 0) yield batchOf(group, await contents(group), reuse);
}

function batchOf<T>(
  blocks: readonly Block<T>[],
  contents: Pick<StreamBatch, "arrays" | "facts">,
  reuse: (bytes: Uint8Array) => void,
): StreamBatch {
  return {
    ...contents,
    origins: blocks.map(({ box }) => box.start),
    ids: blocks.map(({ id }) => id),
    weights: blocks.map(({ weight }) => weight),
    done: () => {
      for (const block of blocks) block.release();
      for (const { pieces } of Object.values(contents.arrays)) for (const piece of pieces) reuse(piece);
    },
  };
}
