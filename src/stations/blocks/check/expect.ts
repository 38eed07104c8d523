import { z } from "zod";
import { WRITTEN_DTYPES } from "../../../arrays/operators/schemas.js";
import { parseCheckedYaml } from "../../../formats/yaml/checked-yaml.js";

const size = z.number().positive();
const triple = <T extends z.ZodType>(value: T) => z.tuple([value, value, value]);
const share = z.number().min(0).max(1);
const DTYPES = [...WRITTEN_DTYPES, "float16"] as const;

/** Expectations of a volume. Each field is optional; those that have a default are checked in any case. */
const Expectations = z.strictObject({
  /** `image` or `labels`. Default: labels for whole numbers of 32 bits and more, for bool, and where all are 0 or 1; otherwise an image. */
  kind: z.enum(["image", "labels"]).optional(),
  dtype: z.union([z.enum(DTYPES), z.array(z.enum(DTYPES)).min(1)]).optional(),
  /** Voxels `[z, y, x]` of the finest level. */
  shape: triple(z.number().int().positive()).optional(),
  /** Nanometers along z, y and x at the finest level, within `voxelSizeTolerance`. One number holds for every axis. */
  voxelSizeNm: z.union([size, triple(size)]).optional(),
  voxelSizeTolerance: share.default(0.01),
  /** The largest voxel edge divided by the smallest, at the finest level. */
  anisotropyMax: z.number().min(1).default(20),
  /** The volume lies inside. */
  boundsNm: z.strictObject({ start: triple(z.number()), size: triple(size) }).optional(),
  levels: z.number().int().positive().optional(),
  /** Range of values in which the volume is shown or normalized. */
  contrastLimits: z.tuple([z.number(), z.number()]).optional(),
  /** Least distance of the 1st and the 99th percentile, as a share of the range. */
  contrastShareMin: share.default(0.01),
  /**
   * Largest share of the sampled blocks that may hold one value other than 0; `zeroShareMax` is that of blocks of nothing but 0.
   */
  constantShareMax: share.optional(),
  zeroShareMax: share.optional(),
  /** Largest share of the sampled chunks that may not be stored. */
  missingShareMax: share.optional(),
});

export type Expect = z.output<typeof Expectations>;

/** Expectations where nothing is stated: the defaults. */
export const NOTHING_EXPECTED: Expect = Expectations.parse({});

/** @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD */
export function parseExpect(text: string, file: string): Expect {
  const hint = "docs/guides/check-blocks.md lists the fields";
  return parseCheckedYaml(text, Expectations, { file, hint, mayBeEmpty: true, knownKeys: () => Object.keys(Expectations.shape) })
    .value;
}
