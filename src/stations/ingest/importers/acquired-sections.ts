import { type Mdoc, tiltAxisAngle } from "../../../formats/mdoc/read.js";
import type { TiltAngle } from "../../../formats/tilt-angles/read.js";
import { orNothing } from "../draft.js";
import { acquisition } from "./acquisition.js";
import { matchAngles } from "./angle-matching.js";
import { type AcquiredSection, acquisitionOrder } from "./frame-doses.js";
import { contextBelow, type ImportContext } from "./importer.js";
import { findSection } from "./sections.js";
import { rawtilt, readAngles } from "./tiltseries-files.js";

/**
 * A run's acquisition, apart from its alignment. A field that cannot be found or read is undefined; other importers report why.
 */
export interface AcquiredSections {
  /** Degrees of the tilt axis, from the title of the mdoc. */
  readonly tiltAxisDegrees: number | undefined;
  /** Raw tilt angles in the order of the stack. */
  readonly angles: readonly TiltAngle[] | undefined;
  /** The acquired image that belongs to each angle. */
  readonly sections: readonly AcquiredSection[] | undefined;
}

/** Reads the acquisition file and the raw tilt angles of a run's first tilt series, each only once. */
export async function acquiredSections(context: ImportContext): Promise<AcquiredSections> {
  const mdoc = await orNothing(async () => (await acquisition.find(context)).read());
  const raw = await orNothing(async () => {
    const { items } = await findSection(context, "tiltseries", context.scope);
    const [first] = items;
    if (!first) return undefined;
    const { folder } = context.entity;
    const below = contextBelow(context, { type: "tiltseries", name: first.name, path: null, folder, id: 0 }, first);
    const angles = await rawtilt.find(below);
    return angles.item && !angles.problem ? readAngles(context, angles) : undefined;
  });
  const sections = mdoc && raw ? await orNothing(async () => imagesOf(mdoc, raw)) : undefined;
  return { tiltAxisDegrees: mdoc && tiltAxisAngle(mdoc), angles: raw?.angles, sections };
}

function imagesOf(mdoc: Mdoc, { angles, name }: { angles: readonly TiltAngle[]; name: string }): readonly AcquiredSection[] {
  return matchAngles(angles, acquisitionOrder(mdoc, false).sections, { file: name, acquisition: mdoc.name }).sections;
}
