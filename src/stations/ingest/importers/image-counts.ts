import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { orNothing } from "../draft.js";
import { readMetadata } from "../identifiers.js";
import { acquiredSections } from "./acquired-sections.js";
import { acquisition } from "./acquisition.js";
import type { AlignmentContent } from "./alignment-content.js";
import type { Alignment } from "./alignment-find.js";
import { found, type ImportContext } from "./importer.js";
import { tiltseries } from "./tiltseries.js";
import type { Tiltseries } from "./tiltseries-find.js";

/**
 * Compares the sections of an alignment with those of the tilt series, of which one has to fit; without any, with the raw tilt angles; without
 * them, with the mdoc, which may have more images. Sections that the alignment itself lists as left out count: dark ones, excluded views.
 */
export async function countAligned(context: ImportContext, { item }: Alignment, content: AlignmentContent): Promise<void> {
  const { sections, sectionCount } = content;
  const least = (sections.at(-1)?.zIndex ?? -1) + 1;
  const own = sectionCount ?? least;
  if (own === 0) return;
  const fits = (count: number) => (sectionCount === undefined ? least <= count : sectionCount === count);
  const tell = (expected: string) =>
    context.uses.count({
      kind: "alignment",
      dataset: context.location.dataset!,
      run: context.location.run!,
      found: `${counted(own, "section")} in its alignment`,
      expected,
      place: item?.place,
    });
  const { angles } = await acquiredSections(context);
  const stacks = await sectionsOfStacks(context);
  if (stacks.length > 0) {
    // where it has a section for each angle, that the stack has not is told already
    if (stacks.some(fits) || (angles && fits(angles.length))) return;
    return tell(`${counted(stacks[0]!, "section")} in its stack`);
  }
  if (angles) return fits(angles.length) ? undefined : tell(counted(angles.length, "raw tilt angle"));
  const mdoc = await orNothing(async () => (await found(context, acquisition))!.read());
  if (mdoc && own > mdoc.sections.length) tell(`${counted(mdoc.sections.length, "image")} in its mdoc`);
}

/** Sections of each tilt series of a run that can be read: of the source, else of the target. */
async function sectionsOfStacks(context: ImportContext): Promise<number[]> {
  const all = (await found(context, tiltseries)) ?? [];
  const counts = await Promise.all(all.map((one) => orNothing(() => sectionsOf(context, one))));
  const known = counts.filter((count) => count !== undefined);
  if (all.length > 0) return known;
  const { stored, entity: run, depositionId } = context;
  const own = (await stored(run.folder, "tiltseries")).filter(
    ({ metadata }) => String(metadata.deposition_id ?? depositionId) === depositionId,
  );
  return own.flatMap(({ metadata }) => sizeAlongZ(metadata) ?? []);
}

async function sectionsOf({ target, volumes }: ImportContext, { item, metadataKey }: Tiltseries): Promise<number | undefined> {
  if (item.atTarget) return sizeAlongZ(await readMetadata(target.store, metadataKey));
  return item.key === null ? undefined : (await volumes.read(item.key, item.folder)).shape[0];
}

function sizeAlongZ(metadata: unknown): number | undefined {
  const size = isJsonObject(metadata) ? metadata.size : undefined;
  return isJsonObject(size) ? toNumber(size.z) : undefined;
}
