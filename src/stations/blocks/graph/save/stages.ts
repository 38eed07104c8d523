import type { BlockStage } from "../../../../engine/blocks/block-stage.js";
import type { Program } from "../program.js";
import type { SaveParams } from "./fields.js";
import { suffixOf } from "./files.js";

/**
 * A file a block, straight where people want them.
 *
 * @param results steps of the program that are saved
 * @param folder of the output, without a slash at its end
 */
export function saveStages(
  params: SaveParams,
  base: Omit<BlockStage, "run" | "params">,
  program: Program,
  results: readonly number[],
  folder: string,
): BlockStage[] {
  const outputs = { prefix: `${folder}/`, chunk: params.file, separator: ".", suffix: suffixOf(params) } as const;
  // the file once more, while it is put together
  const memoryBytes = 2 * base.memoryBytes;
  return [{ ...base, run: "save", params: { program, results, save: params }, outputs, isTemporary: false, memoryBytes }];
}
