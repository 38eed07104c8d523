import { filledBy } from "../../../../arrays/blocks/world.js";
import type { Triple } from "../../../../core/box.js";
import { few, shown, unless } from "../../../../core/finding.js";
import { AXES, type BlockRule, type CheckedVolume, finest, placeIn } from "../rule.js";

/** A place farther away than this is a wrong unit: a meter. */
const OFFSET_NM_MAX = 1e9;

/** Voxel sizes that the metadata give; missing ones are found by `voxel-size.known`. */
function givenSizes({ volume }: CheckedVolume) {
  return volume.levels.flatMap(({ voxelSizeNm }, level) =>
    voxelSizeNm.flatMap((size, axis) => (size === undefined ? [] : { level, axis, size })),
  );
}

const isSize = (size: number | undefined): size is number => size !== undefined && Number.isFinite(size) && size > 0;

/** Rules on the metadata: data type, shape and place. */
export const METADATA_RULES: readonly BlockRule[] = [
  {
    code: "dtype.allowed",
    severity: "error",
    statement: "voxels are whole or floating-point numbers, of a type that the expectations name",
    hint: "convert the volume, or name its type in the expectations",
    judge(subject) {
      const { dtype } = finest(subject);
      const { dtype: wanted } = subject.expect;
      const place = placeIn(subject, "levels.0.dtype");
      const named = wanted === undefined ? undefined : [wanted].flat();
      return [
        ...unless(dtype !== "complex64" && dtype !== "uint4", place, dtype, "a type of plain numbers"),
        ...unless(named === undefined || named.some((one) => one === dtype), place, dtype, (named ?? []).join(" or ")),
      ];
    },
  },
  {
    code: "shape.positive",
    severity: "error",
    statement: "every level has a voxel along each axis",
    hint: "write the volume again: its metadata or its file are damaged",
    judge: (subject) =>
      subject.volume.levels.flatMap(({ shape }, level) =>
        unless(
          shape.every((length) => Number.isSafeInteger(length) && length > 0),
          placeIn(subject, `levels.${level}.shape`),
          shape.join("×"),
          "lengths of 1 or more",
        ),
      ),
  },
  {
    code: "shape.expected",
    statement: "the finest level has the expected shape",
    hint: "check that this is the right volume and level",
    judge(subject) {
      const { shape } = finest(subject);
      const wanted = subject.expect.shape ?? shape;
      return unless(wanted.join() === shape.join(), placeIn(subject, "levels.0.shape"), shape.join("×"), wanted.join("×"));
    },
  },
  {
    code: "voxel-size.known",
    statement: "every level says how large its voxels are: more than 0, in a unit of length",
    hint: "write the voxel size and its unit into the metadata",
    judge: (subject) =>
      subject.volume.levels.flatMap(({ voxelSizeNm }, level) => {
        const absent = AXES.filter((_, axis) => voxelSizeNm[axis] === undefined);
        return unless(
          absent.length === 0,
          placeIn(subject, `levels.${level}.voxelSizeNm`),
          `none along ${absent.join(", ")}`,
          "a length",
        );
      }),
  },
  {
    code: "voxel-size.positive",
    severity: "error",
    statement: "voxel sizes are finite and greater than 0",
    hint: "write the right voxel size into the metadata",
    judge: (subject) =>
      givenSizes(subject).flatMap(({ level, axis, size }) =>
        unless(
          isSize(size),
          placeIn(subject, `levels.${level}.voxelSizeNm.${axis}`),
          `${size} nm along ${AXES[axis]}`,
          "more than 0",
        ),
      ),
  },
  {
    code: "voxel-size.expected",
    statement: "the finest level has the expected voxel size",
    hint: "check the unit: nanometers are expected; 1 nm is 10 Å",
    judge(subject) {
      const { voxelSizeNm, voxelSizeTolerance } = subject.expect;
      if (voxelSizeNm === undefined) return [];
      const wanted = [voxelSizeNm].flat();
      return givenSizes(subject).flatMap(({ level, axis, size }) => {
        const expected = wanted[axis % wanted.length]!;
        const isNear = Math.abs(size - expected) <= voxelSizeTolerance * expected;
        const place = placeIn(subject, `levels.${level}.voxelSizeNm.${axis}`);
        return unless(level > 0 || isNear, place, `${shown(size)} nm along ${AXES[axis]}`, `${shown(expected)} nm`);
      });
    },
  },
  {
    code: "voxel-size.anisotropy",
    statement: "voxels are no more drawn out than expected",
    hint: "check the unit of each axis, or raise anisotropyMax in the expectations",
    judge(subject) {
      const { anisotropyMax } = subject.expect;
      const sizes = finest(subject).voxelSizeNm.filter(isSize);
      const ratio = Math.max(...sizes) / Math.min(...sizes);
      const found = `${sizes.map(shown).join(", ")} nm, ${shown(ratio)} to 1`;
      return unless(
        sizes.length < 3 || ratio <= anisotropyMax,
        placeIn(subject, "levels.0.voxelSizeNm"),
        found,
        `${anisotropyMax} to 1 at most`,
      );
    },
  },
  {
    code: "offset.finite",
    severity: "error",
    statement: "every level lies at a finite place in the world, less than a meter from its origin",
    hint: "check the translation and its unit in the metadata",
    judge: (subject) =>
      subject.volume.levels.flatMap(({ offsetNm }, level) =>
        unless(
          offsetNm.every((nm) => Math.abs(nm) < OFFSET_NM_MAX),
          placeIn(subject, `levels.${level}.offsetNm`),
          few(offsetNm.map((nm) => `${nm}`)),
          "finite numbers of nanometers, below a meter",
        ),
      ),
  },
  {
    code: "offset.in-bounds",
    statement: "the volume lies inside the expected bounds",
    hint: "check the translation in the metadata, and boundsNm in the expectations",
    judge(subject) {
      const { boundsNm } = subject.expect;
      const level = finest(subject);
      if (boundsNm === undefined || !level.voxelSizeNm.every(isSize)) return [];
      const box = filledBy({ start: [0, 0, 0], stop: level.shape }, level.voxelSizeNm as Triple, level.offsetNm);
      return AXES.flatMap((name, axis) => {
        const half = (level.voxelSizeNm[axis] as number) / 2; // bounds may be stated from center to center
        const [start, stop] = [box.start[axis]!, box.start[axis]! + box.size[axis]!];
        const [low, high] = [boundsNm.start[axis]!, boundsNm.start[axis]! + boundsNm.size[axis]!];
        const found = `${shown(start)} to ${shown(stop)} nm along ${name}`;
        const isInside = start >= low - half * 1.001 && stop <= high + half * 1.001;
        return unless(isInside, placeIn(subject, `levels.0.offsetNm.${axis}`), found, `${shown(low)} to ${shown(high)} nm`);
      });
    },
  },
];
