import { mapLimit } from "../../../system/parallel.js";
import type { Listing } from "../finders/listing.js";
import type { PlanContext } from "../importers/context.js";
import type { VolumeSource } from "../volume-source.js";
import { type Finding, files, finding } from "./finding.js";
import { type Doubt, useName } from "./ledger.js";
import { stackFinder } from "./stacks.js";

/** Largest ratio between the voxel sizes of two axes; in reconstructions it is 1. */
const ANISOTROPY_MAX = 2;

const READS_AT_ONCE = 16;

/** A volume that is used as a tomogram: its key, facts of its header, and the listing of its store. */
export interface TomogramFacts {
  readonly key: string;
  readonly volume: Pick<VolumeSource, "shape" | "voxelSizesAngstrom" | "mrc">;
  readonly listing: Pick<Listing, "child">;
}

/** Reasons, from its header and files beside it, why a volume may be no tomogram. Costs one listing of its folder at most. */
export async function againstTomogram({ key, volume, listing }: TomogramFacts): Promise<string[]> {
  const { shape, voxelSizesAngstrom, mrc } = volume;
  const [sections] = shape;
  const reasons: string[] = [];
  const slash = key.lastIndexOf("/") + 1;
  if (await listing.child(key.slice(0, slash), `${key.slice(slash)}.mdoc`))
    reasons.push("an mdoc with its name is in the same folder");
  // a stack has no length along z: what its header makes of it says nothing more
  const isStack = mrc?.grid[0] === 1 && sections > 1;
  if (sections === 1) reasons.push("only one section");
  if (isStack) reasons.push(`the header says ${mrc.ispg === 0 ? "image stack (ispg 0, mz 1)" : "mz 1"}`);
  const sizes = voxelSizesAngstrom.filter((size) => size !== undefined && size > 0 && Number.isFinite(size)) as number[];
  const ratio = Math.max(...sizes) / Math.min(...sizes);
  if (!isStack && sizes.length > 1 && ratio > ANISOTROPY_MAX) reasons.push("voxels more than twice as long along one axis");
  return reasons;
}

/** Files that are not what they are used as, by their headers: one sentence for each reason. */
export async function roleFindings(context: Pick<PlanContext, "uses" | "source" | "volumes" | "files">): Promise<Finding[]> {
  const { doubts, looks } = context.uses;
  const whyStack = stackFinder(context.uses, context);
  const series = new Set([...looks.values()].flatMap(({ type, used }) => (type === "tiltseries" ? [...used.keys()] : [])));
  const groups = new Map<string, Pick<Doubt, "kind" | "place"> & { keys: Set<string>; runs: Set<string> }>();
  const doubted = await mapLimit(doubts, READS_AT_ONCE, async (doubt) => {
    const all = [...doubt.reasons, ...(series.has(doubt.key) ? ["also used as a tilt series"] : [])];
    return { ...doubt, why: all.length > 0 ? all.join(", ") : await whyStack(doubt) };
  });
  for (const { kind, key, place, runFolder, why } of doubted) {
    if (why === undefined) continue;
    const group = groups.get(why) ?? { kind, keys: new Set(), place, runs: new Set() };
    groups.set(why, group);
    group.keys.add(key);
    group.runs.add(runFolder);
  }
  return [...groups].map(([why, { kind, keys, place, runs }]) => {
    const message = `${useName(kind)}: ${files([...keys])} may be no ${useName(kind).replace(/s$/, "")}: ${why}`;
    const hint = "let the glob find reconstructed volumes alone; --strict refuses these";
    return finding("CONFIG_ROLE", message, { place, hint, files: [...keys], runs, isSure: false });
  });
}
