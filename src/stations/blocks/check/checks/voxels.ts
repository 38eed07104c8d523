import type { DType } from "../../../../core/dtype.js";
import { type Finding, few, shown, unless } from "../../../../core/finding.js";
import { type BlockRule, type CheckedVolume, finest, placeIn } from "../rule.js";
import type { SampledBlock } from "../sample.js";

/** Images may be padded: half of their blocks may hold one value, or nothing. Labels may be sparse, and label large parts alike. */
const SHARE_MAX = { image: 0.5, labels: 1 };

const LIMITS_OF: Partial<Record<DType, readonly [number, number]>> = {
  bool: [0, 1],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
  float16: [-65504, 65504],
};

/** Percentile of ascending values, the nearest below. */
const percentile = (values: Float64Array, percent: number) => values[Math.floor((percent / 100) * (values.length - 1))]!;

/** `level 0, 0,64,0 to 64,128,64`. */
function boxText({ level, box: { start, stop } }: SampledBlock): string {
  return `level ${level}, ${start.join(",")} to ${stop.join(",")}`;
}

const finestBlocks = ({ sample }: CheckedVolume) =>
  sample.blocks.filter(({ level, fault }) => level === 0 && fault === undefined);

/**
 * A finding where more than `shareMax` of the finest level's sampled blocks are among `blocks`. Default: the limit of the
 * volume's kind; where that is 1, a finding if all blocks are.
 */
function tooMany(subject: CheckedVolume, blocks: readonly SampledBlock[], shareMax: number | undefined, what: string): Finding[] {
  const all = finestBlocks(subject).length;
  const limit = shareMax ?? SHARE_MAX[subject.kind];
  const isFew = all === 0 || (limit < 1 ? blocks.length / all <= limit : blocks.length < all || shareMax === 1);
  const found = `${blocks.length} of ${all} sampled blocks ${what}: ${few(blocks.map(boxText))}`;
  return unless(isFew, placeIn(subject, "levels.0"), found, limit < 1 ? `${shown(100 * limit)} % at most` : "others as well");
}

/** Rules on the voxels of the sampled blocks. */
export const VOXEL_RULES: readonly BlockRule[] = [
  {
    code: "blocks.readable",
    severity: "error",
    statement: "every sampled block can be read and decoded",
    hint: "copy the objects that are named again",
    judge: (subject) =>
      subject.sample.blocks.flatMap((block) =>
        block.fault
          ? { found: block.fault.message, wanted: "a block that can be decoded", place: placeIn(subject, boxText(block)) }
          : [],
      ),
  },
  {
    code: "blocks.finite",
    statement: "no voxel is NaN or infinite",
    hint: "replace these voxels, or mask them",
    judge(subject) {
      const blocks = subject.sample.blocks.filter(({ notFinite }) => notFinite > 0);
      const voxels = blocks.reduce((sum, { notFinite }) => sum + notFinite, 0);
      return unless(
        blocks.length === 0,
        placeIn(subject, blocks[0] && boxText(blocks[0])),
        `${voxels} in ${blocks.length} sampled blocks`,
        "none",
      );
    },
  },
  {
    code: "blocks.zero",
    statement: "the volume is not empty",
    hint: "check that the volume was written completely, or raise zeroShareMax in the expectations",
    judge: (subject) =>
      tooMany(
        subject,
        finestBlocks(subject).filter(({ min, max }) => min === 0 && max === 0),
        subject.expect.zeroShareMax,
        "hold nothing but 0",
      ),
  },
  {
    code: "blocks.constant",
    statement: "blocks hold more than one value",
    hint: "check how the volume was converted, or raise constantShareMax in the expectations",
    judge: (subject) =>
      tooMany(
        subject,
        finestBlocks(subject).filter(({ min, max }) => min === max && min !== 0),
        subject.expect.constantShareMax,
        "hold a single value",
      ),
  },
  {
    code: "chunks.missing",
    severity: "error",
    statement: "chunks are stored, or hold nothing",
    hint: "copy the volume again, or raise missingShareMax in the expectations if it is sparse",
    judge(subject) {
      const { sample, expect } = subject;
      const { lost } = sample;
      const [first] = lost;
      const place = placeIn(subject, first && `levels.${first.level}, chunk ${first.cell.join("/")}`);
      const found = `${lost.length} sampled chunks are not stored, and the next level shows data there`;
      const gone = finestBlocks(subject).filter(
        ({ chunks }) => chunks !== undefined && chunks.all > 0 && chunks.absent.length === chunks.all,
      );
      return [
        ...unless(lost.length === 0, place, found, "chunks that are stored"),
        ...tooMany(subject, gone, expect.missingShareMax, "have no stored chunk"),
      ];
    },
  },
  {
    code: "contrast.width",
    statement: "the 1st and the 99th percentile of an image lie apart",
    hint: "look for voxels that are far brighter or darker than all others, and clip them",
    judge(subject) {
      const { kind, expect, sample } = subject;
      const { values } = sample;
      if (kind === "labels" || values.length === 0) return [];
      const [low, high] = [percentile(values, 1), percentile(values, 99)];
      const [least, most] = [values[0]!, values.at(-1)!];
      const { dtype } = finest(subject);
      const range = dtype === "uint8" || dtype === "int8" ? 255 : most - least;
      const found = `${shown(low)} to ${shown(high)}, of ${shown(least)} to ${shown(most)}`;
      const isWide = range > 0 && high - low >= expect.contrastShareMin * range;
      return unless(
        isWide,
        placeIn(subject, "levels.0"),
        found,
        `${shown(100 * expect.contrastShareMin)} % of the range, ${shown(range)}, apart`,
      );
    },
  },
  {
    code: "contrast.limits",
    statement: "the expected contrast limits ascend, lie in the range of the type, and hold voxels",
    hint: "take limits from the percentiles of the volume",
    judge(subject) {
      const { contrastLimits } = subject.expect;
      if (contrastLimits === undefined) return [];
      const [low, high] = contrastLimits;
      const [least, most] = LIMITS_OF[finest(subject).dtype] ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
      const { values } = subject.sample;
      const place = placeIn(subject, "contrastLimits");
      const found = `${low} to ${high}`;
      const [first, last] = [percentile(values, 1), percentile(values, 99)];
      const holds = values.length === 0 || (high > first && low < last);
      return [
        ...unless(low < high, place, found, "a lower and a higher value"),
        ...unless(low >= least && high <= most, place, found, `values from ${least} to ${most}`),
        ...unless(!(low < high) || holds, place, found, `values around those of the volume, ${shown(first)} to ${shown(last)}`),
      ];
    },
  },
];
