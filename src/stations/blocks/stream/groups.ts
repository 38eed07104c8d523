import type { Block } from "../../../arrays/blocks/blocks.js";
import type { StreamBatch } from "./batch.js";

/** Blocks in batches of `size`. Their voxels are kept until the batch is done. @param contents of one batch, once its blocks are read */
export async function* inGroups<T>(
  blocks: AsyncIterable<Block<T>>,
  size: number,
  contents: (blocks: readonly Block<T>[]) => Promise<Pick<StreamBatch, "arrays" | "facts">>,
): AsyncGenerator<StreamBatch, void, void> {
  let group: Block<T>[] = [];
  for await (const block of blocks) {
    block.read().catch(() => {}); // told when the batch is complete
    group.push(block);
    if (group.length < size) continue;
    yield { ...placesOf(group), ...(await contents(group)) };
    group = [];
  }
  if (group.length > 0) yield { ...placesOf(group), ...(await contents(group)) };
}

function placesOf<T>(blocks: readonly Block<T>[]): Omit<StreamBatch, "arrays" | "facts"> {
  return {
    origins: blocks.map(({ box }) => box.start),
    ids: blocks.map(({ id }) => id),
    weights: blocks.map(({ weight }) => weight),
    done: () => {
      for (const block of blocks) block.release();
    },
  };
}
