import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { mdocLinesLost } from "../../../formats/mdoc/read.js";
import type { Acquisition } from "./acquisition.js";
import { matchAngles, matchAnglesAsReference } from "./angle-matching.js";
import { acquisitionOrder } from "./frame-doses.js";
import { type ImportContext, warn } from "./importer.js";
import { fitsOf, sectionParameters } from "./section-parameters.js";
import { readAngles, readCtf, type SideFile } from "./tiltseries-files.js";
import type { Tiltseries } from "./tiltseries-find.js";

/** Files that tell of the sections of a tilt series. */
export interface SectionSources {
  readonly acquisition: Acquisition;
  readonly rawtilt: SideFile;
  readonly ctfs: readonly SideFile[];
}

/**
 * One entry for each raw tilt angle. Without angles or an acquisition file there are no entries, and a warning.
 *
 * @throws {EmporiumError} under `compat` also for missing files, as the reference
 */
export async function readSections(
  context: ImportContext,
  { title, item }: Tiltseries,
  { acquisition, rawtilt, ctfs }: SectionSources,
): Promise<JsonObject[]> {
  const lacking = rawtilt.problem ?? (rawtilt.item ? undefined : absentAngles(title, rawtilt));
  const [angles, mdoc, ctf] = await Promise.all([
    lacking ? undefined : readAngles(context, rawtilt),
    acquisition.read().catch((error: unknown) => {
      const absent = error === acquisition.problem || (error as Partial<EmporiumError>).code === "STORE_ABSENT";
      if (!absent || context.compat) throw error;
      return error as EmporiumError;
    }),
    ctfs.find((one) => one.item) ? readCtf(context, ctfs.find((one) => one.item)!, context.location.run!) : [],
  ]);
  if (lacking && context.compat) throw lacking;
  if (!angles || mdoc instanceof Error) {
    const why = [lacking && reasonOf(lacking, "raw tilt angles"), mdoc instanceof Error && reasonOf(mdoc, "acquisition file")]
      .filter(Boolean)
      .join("; ");
    warn(context, `${title}: no per-section metadata, because ${why.replaceAll(`${title}: `, "")}`, item.place);
    return [];
  }
  const lines = mdocLinesLost(mdoc);
  if (lines !== undefined) warn(context, lines, acquisition.item?.place);
  const order = acquisitionOrder(mdoc, context.compat);
  const match = context.compat ? matchAnglesAsReference : matchAngles;
  const { sections, approximate } = match(angles.angles, order.sections, { file: angles.name, acquisition: mdoc.name });
  if (approximate > 0) {
    const message = `${title}: ${approximate} of ${sections.length} raw tilt angles differ from those of ${mdoc.name} in the second decimal; the nearest images are used`;
    warn(context, message, rawtilt.item?.place);
  }
  const { fits, remark } = fitsOf(sections, ctf);
  if (remark && !context.compat) {
    const table = ctfs.find((one) => one.item)!;
    const message = `${title}: of the CTF table ${context.source.fullPath(table.item!.key!)}, ${remark}`;
    warn(context, message, table.item!.place);
  }
  return sectionParameters(sections, fits);
}

/** A collision is a failure of its own, with its files: it is not told again with all that lacks what it is about. */
function reasonOf({ code, message }: EmporiumError, what: string): string {
  return code === "CONFIG_COLLISION" ? `the ${what} cannot be chosen` : message;
}

function absentAngles(title: string, { configured, key }: SideFile): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${title}: no raw tilt angles are ${configured ? "found" : "configured"}`, {
    hint: `add a section rawtilts that finds the file for ${key}`,
  });
}
