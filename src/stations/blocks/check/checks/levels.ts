import type { BlockLevel } from "../../../../arrays/blocks/volume.js";
import { filledBy, type NmBox } from "../../../../arrays/blocks/world.js";
import type { Triple } from "../../../../core/box.js";
import { shown, unless } from "../../../../core/finding.js";
import { AXES, type BlockRule, placeIn } from "../rule.js";

const hasSizes = ({ voxelSizeNm }: BlockLevel) =>
  voxelSizeNm.every((size) => size !== undefined && Number.isFinite(size) && size > 0);

function filled(level: BlockLevel): NmBox {
  return filledBy({ start: [0, 0, 0], stop: level.shape }, level.voxelSizeNm as Triple, level.offsetNm);
}

/** Each level and the one before it. */
function pairs(levels: readonly BlockLevel[]) {
  return levels.slice(1).map((level, at) => ({ level, finer: levels[at]!, index: at + 1 }));
}

/** Rules on how the levels of a pyramid fit each other. */
export const LEVEL_RULES: readonly BlockRule[] = [
  {
    code: "levels.count",
    statement: "the volume has the expected number of levels",
    hint: "make the pyramid again",
    judge: (subject) => {
      const [found, wanted] = [subject.volume.levels.length, subject.expect.levels];
      return unless(wanted === undefined || found === wanted, placeIn(subject, "levels"), `${found}`, `${wanted}`);
    },
  },
  {
    code: "levels.dtype",
    statement: "all levels have one type of voxels",
    hint: "make the pyramid again",
    judge: (subject) =>
      pairs(subject.volume.levels).flatMap(({ level, finer, index }) =>
        unless(
          level.dtype === finer.dtype,
          placeIn(subject, `levels.${index}.dtype`),
          level.dtype,
          `${finer.dtype}, as the level before`,
        ),
      ),
  },
  {
    code: "levels.monotone",
    statement: "each level is coarser than the one before, along no axis finer",
    hint: "list the levels from fine to coarse, with the scale of each",
    judge: (subject) =>
      pairs(subject.volume.levels).flatMap(({ level, finer, index }) => {
        const place = (field: string) => placeIn(subject, `levels.${index}.${field}`);
        const shrinks =
          level.shape.every((length, axis) => length <= finer.shape[axis]!) && level.shape.join() !== finer.shape.join();
        const isCoarser =
          !hasSizes(level) ||
          !hasSizes(finer) ||
          (level.voxelSizeNm.every((size, axis) => size! >= finer.voxelSizeNm[axis]! * 0.999) &&
            level.voxelSizeNm.some((size, axis) => size! > finer.voxelSizeNm[axis]! * 1.001));
        return [
          ...unless(shrinks, place("shape"), level.shape.join("×"), `less than ${finer.shape.join("×")}`),
          ...unless(
            isCoarser,
            place("voxelSizeNm"),
            `${level.voxelSizeNm.join(", ")} nm`,
            `more than ${finer.voxelSizeNm.join(", ")} nm`,
          ),
        ];
      }),
  },
  {
    code: "levels.consistent",
    statement: "all levels fill the same part of the world, within a voxel",
    hint: "check the scale and the translation of each level; a coarser level begins half a voxel farther",
    judge(subject) {
      const [finest, ...others] = subject.volume.levels;
      if (finest === undefined || !hasSizes(finest)) return [];
      const whole = filled(finest);
      return others
        .flatMap((level, at) => (hasSizes(level) ? differences(whole, level).map((text) => ({ text, at })) : []))
        .flatMap(({ text, at }) => unless(false, placeIn(subject, `levels.${at + 1}`), text.found, text.wanted));
    },
  },
];

/** Axes along which a level begins or ends more than one of its voxels away from level 0. */
function differences(whole: NmBox, level: BlockLevel): { found: string; wanted: string }[] {
  const own = filled(level);
  return AXES.flatMap((name, axis) => {
    const size = level.voxelSizeNm[axis]! * 1.001;
    const [start, stop] = [own.start[axis]!, own.start[axis]! + own.size[axis]!];
    const [first, last] = [whole.start[axis]!, whole.start[axis]! + whole.size[axis]!];
    if (Math.abs(start - first) <= size && Math.abs(stop - last) <= size) return [];
    return {
      found: `${shown(start)} to ${shown(stop)} nm along ${name}`,
      wanted: `${shown(first)} to ${shown(last)} nm, as level 0`,
    };
  });
}
