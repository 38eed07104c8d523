import { boxShape } from "../../core/box.js";
import { bytesOfArrays } from "./batches.js";
import type { BlockInput } from "./blocks.js";
import { type BlockData, readBox } from "./edges.js";
import { type GridRequest, gridOf, levelAt } from "./grid.js";
import { type BlockArrays, inBatches, nmOf, sequenceOf } from "./sequence.js";
import type { BlockVolume } from "./volume.js";

/** The name of the array in batches of one volume. */
const ONLY_ARRAY = "data";

/** One volume, block by block. */
export function blocksOfVolume(volume: BlockVolume): BlockArrays<BlockData> {
  const inputOf = (request: GridRequest): BlockInput<BlockData> => {
    const level = levelAt(volume.levels, request.level ?? 0, volume.name);
    const grid = gridOf(volume.levels, request, volume.name);
    return {
      grid,
      read: (box, signal) => readBox(level, box, { ...grid, signal }),
      bytesOf: (box) => bytesOfArrays(boxShape(box), [level.dtype]),
      nmOf: nmOf(level),
    };
  };
  return {
    blocks: (request) => sequenceOf(inputOf(request), volume, request),
    batches(request) {
      const input = inputOf(request);
      const named: BlockInput<Record<string, BlockData>> = {
        ...input,
        read: async (box, signal) => ({ [ONLY_ARRAY]: await input.read(box, signal) }),
      };
      return inBatches(named, volume, request);
    },
  };
}
