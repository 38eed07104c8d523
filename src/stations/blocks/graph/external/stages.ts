import { type Triple, volumeOf } from "../../../../core/box.js";
import { ITEM_BYTES } from "../../../../core/dtype.js";
import type { BlockStage } from "../../../../engine/blocks/block-stage.js";
import { type BlockNeed, blocksOf } from "../../../../engine/blocks/relation.js";
import type { PlainObject } from "../../../../engine/task.js";
import type { ApplyStep, Program } from "../program.js";
import { objectShape, ofColour, outputsOf, type StoredArray } from "../stored-array.js";
import { latticesOf } from "./colours.js";
import type { ExternalParams } from "./fields.js";

/** A program's stage before its blocks have colours: the stages of all colours are made from it. */
type Base = Omit<BlockStage, "run" | "params">;

/**
 * A program that is handed what neighbours have written, in stages: one for each colour of blocks, and one that puts their results together.
 *
 * @param base of the program's own blocks
 * @param program of one block, its last step is the person's program
 * @param joined the last stage but for its needs
 */
export function colourStages(
  base: Base,
  program: Program,
  coloured: StoredArray,
  { after, halo }: ExternalParams,
  joined: Omit<BlockStage, "needs">,
): BlockStage[] {
  const { neighbours, fill } = after!;
  const { shape, dtype } = coloured;
  const seen = objectShape(coloured).map((length, axis) => length + 2 * halo[axis]!) as Triple;
  // as it is read, and with its full size
  const memoryBytes = base.memoryBytes + 2 * volumeOf(seen) * ITEM_BYTES[dtype];
  const stages: BlockStage[] = [];
  for (const [colour, parities] of latticesOf(neighbours, blocksOf(base))) {
    const last = program.at(-1) as ApplyStep;
    const step = { ...last, from: [...last.from, program.length - 1] };
    const own: Program = [...program.slice(0, -1), { kind: "written", array: coloured, colour, fill, shape, dtype }, step];
    const array = ofColour(coloured, colour);
    stages.push({
      ...base,
      name: `${joined.name}-colour-${colour}`,
      run: "compute",
      params: { program: own, array, part: null } as unknown as PlainObject,
      numbers: { kind: "lattices", parities },
      // neighbours, however far the program sees
      needs: [
        ...base.needs,
        ...stages.map(({ name: stage }): BlockNeed => ({ kind: "box", stage, halo: [1, 1, 1], connectivity: neighbours })),
      ],
      outputs: outputsOf(array),
      isTemporary: true,
      memoryBytes,
    });
  }
  return [...stages, { ...joined, needs: stages.map(({ name: stage }): BlockNeed => ({ kind: "box", stage })) }];
}
