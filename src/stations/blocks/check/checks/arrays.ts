import type { BlockVolume } from "../../../../arrays/blocks/volume.js";
import { filledBy } from "../../../../arrays/blocks/world.js";
import { type Box, intersect, type Triple } from "../../../../core/box.js";
import { shown, unless } from "../../../../core/finding.js";
import { type BlockRule, placeIn } from "../rule.js";

/** The volume's box in nanometers; undefined where the voxel size is not known. */
function worldBox({ levels: [level] }: BlockVolume): Box | undefined {
  if (level === undefined || !level.voxelSizeNm.every((size) => size !== undefined && Number.isFinite(size) && size > 0))
    return undefined;
  const { start, size } = filledBy({ start: [0, 0, 0], stop: level.shape }, level.voxelSizeNm as Triple, level.offsetNm);
  return { start: [...start], stop: start.map((from, axis) => from + size[axis]!) as Triple };
}

const text = ({ start, stop }: Box) => `${start.map(shown).join(",")} to ${stop.map(shown).join(",")} nm`;

/** Rules on where volumes lie that are read together. */
export const ARRAY_RULES: readonly BlockRule[] = [
  {
    code: "arrays.overlap",
    severity: "error",
    statement: "volumes that are read in one grid share a part of the world",
    hint: "check the translations and the units of both",
    judge: (subject) =>
      subject.others.flatMap((other) => {
        const [own, theirs] = [worldBox(subject.volume), worldBox(other)];
        if (own === undefined || theirs === undefined) return [];
        return unless(
          intersect(own, theirs) !== undefined,
          placeIn(subject),
          `${other.name} at ${text(theirs)}`,
          `a part of ${text(own)}`,
        );
      }),
  },
];
