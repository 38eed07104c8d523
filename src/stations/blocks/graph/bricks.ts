import { ceilDiv, type Triple } from "../../../core/box.js";
import type { BlockNumbers } from "../../../engine/blocks/numbers.js";
import type { Group } from "./fuse.js";
import type { GraphNode } from "./nodes.js";
import { each } from "./reach.js";
import type { StoredArray } from "./stored-array.js";

/** Blocks along an edge of a brick at least, where blocks read around themselves: of 4³ neighbours each reads mostly what another has read. */
const WITH_HALO = 4;

/**
 * The order in which a group's blocks are computed, so that those that read the same chunks follow each other; undefined where that is C order. A
 * process is given blocks that follow each other, and keeps the chunks that it decoded last.
 */
export function bricksOf({ root, block, reads }: Group, arrayOf: (node: GraphNode) => StoredArray): BlockNumbers | undefined {
  const size = each((axis) => {
    const blocks = ceilDiv(root.facts.shape[axis]!, block[axis]!);
    const wanted = [...reads].map(([node, { scale, halo }]) => {
      const chunk = node.kind === "read" ? node.chunk : arrayOf(node).chunk;
      const inChunk = ceilDiv(chunk[axis]!, block[axis]! * scale[axis]!);
      return halo.some((length) => length > 0) ? Math.max(inChunk, WITH_HALO) : inChunk;
    });
    return Math.min(blocks, Math.max(1, ...wanted));
  });
  const blocks = each((axis) => ceilDiv(root.facts.shape[axis]!, block[axis]!));
  return isInOrder(size, blocks) ? undefined : { kind: "bricks", size };
}

/** Bricks that are whole rows, or whole layers of them, one behind the other. */
function isInOrder([z, y, x]: Triple, [, ny, nx]: Triple): boolean {
  if (z > 1) return y >= ny && x >= nx;
  return y > 1 ? x >= nx : true;
}
