import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Finding } from "../../../core/finding.js";
import type { Expect } from "./expect.js";
import type { Sample } from "./sample.js";

/** Input of the rules: a volume, its expectations and a sample of its blocks. */
export interface CheckedVolume {
  readonly volume: BlockVolume;
  readonly expect: Expect;
  readonly kind: "image" | "labels";
  /** Blocks that were read. */
  readonly sample: Sample;
  /** Volumes that will be read in the same grid. */
  readonly others: readonly BlockVolume[];
}

/** `error`: what is computed of such a volume is wrong. `warning`: it may be what a person wants; a run says it and goes on. */
export type Severity = "error" | "warning";

/** One rule. It gives nothing where the volume is as it should be. */
export interface BlockRule {
  /** Stable: reports and programs name it. */
  readonly code: string;
  /** Condition under which the rule finds nothing, one line. */
  readonly statement: string;
  /** Advice on fixing the fault, one clause. */
  readonly hint: string;
  /** Default warning. `blocks check` treats both alike. */
  readonly severity?: Severity | undefined;
  judge(subject: CheckedVolume): readonly Finding[];
}

/** Axes as messages name them. */
export const AXES = ["z", "y", "x"] as const;

/** The finest level. @throws {EmporiumError} FORMAT_FIELD where there is none: nothing can be said of such a volume */
export function finest({ volume }: Pick<CheckedVolume, "volume">): BlockLevel {
  const [level] = volume.levels;
  if (level) return level;
  throw new EmporiumError("FORMAT_FIELD", `${volume.name} has no level`, { place: { file: volume.name } });
}

/** A place in a volume: the whole, or a field of a level. */
export function placeIn({ volume }: Pick<CheckedVolume, "volume">, path?: string): Finding["place"] {
  return { key: volume.name, path };
}
