import { counted } from "../../../core/units.js";
import { voxelSpacingFolder } from "../../../model/layout.js";
import type { PlanContext } from "../importers/context.js";
import { placeOfFinder } from "../importers/source-names.js";
import { type Finding, files as filesText, finding, names } from "./finding.js";
import type { Look } from "./ledger.js";

interface Lacking {
  readonly look: Look;
  readonly there: readonly string[];
  readonly runs: Set<string>;
  readonly folders: Set<string>;
  readonly files: Set<string>;
}

export interface SpacingFindings {
  readonly findings: readonly Finding[];
  /** `type key` of the annotations that they are about. */
  readonly files: ReadonlySet<string>;
}

/**
 * Annotations at a voxel spacing at which their run has no tomogram, though it has others. A run without any is no matter of this:
 * its tomograms may be on the portal. What is on the target counts.
 */
export async function spacingFindings({
  uses: { looks, tomograms },
  stored,
  config,
}: Pick<PlanContext, "uses" | "stored" | "config">): Promise<SpacingFindings> {
  const groups = new Map<string, Lacking>();
  const files = new Set<string>();
  for (const look of looks.values()) {
    const { type, isStoredSpacing } = look;
    const { run, runFolder, spacing } = look.spot;
    if (type !== "annotation" || isStoredSpacing || spacing === undefined || runFolder === undefined) continue;
    const there = tomograms.get(runFolder);
    if (!there || there.has(spacing)) continue;
    const folder = `${voxelSpacingFolder(runFolder, spacing)}/`;
    if ((await stored(runFolder, "tomogram")).some(({ key }) => key.startsWith(folder))) continue;
    const spacings = [...there].sort((a, b) => Number(a) - Number(b));
    const id = `${spacing} ${spacings.join()}`;
    const group = groups.get(id) ?? { look, there: spacings, runs: new Set(), folders: new Set(), files: new Set() };
    groups.set(id, group);
    group.runs.add(run!);
    group.folders.add(runFolder);
    for (const key of look.used.keys()) {
      group.files.add(key);
      files.add(`${type} ${key}`);
    }
  }
  // a dataset of which the configuration says nothing is at the portal, and its tomograms with it
  const isSure = config.sections.get("datasets")?.blocks.some(({ metadata }) => metadata) ?? false;
  return { findings: [...groups.values()].map((group) => told(group, isSure)), files };
}

function told({ look, there, runs, folders, files }: Lacking, isSure: boolean): Finding {
  const [first, ...others] = [...runs];
  const has = `it has ${there.map((spacing) => `${spacing} Å`).join(" and ")}`;
  const more = others.length > 0 ? `; so for ${counted(others.length, "more run")}: ${names(others)}` : "";
  const message = `annotations: ${filesText([...files])} ${files.size === 1 ? "is" : "are"} for ${look.spot.spacing} Å, where run ${first} has no tomogram (${has})${more}`;
  const hint = `where each run has one spacing, take voxel_spacings from its tomogram (tomogram_header); otherwise add parent_filters: {include: {voxel_spacing: ['${there[0]}']}} to the sources of the annotation`;
  return finding("CONFIG_SPACING", message, {
    place: placeOfFinder(look.source),
    hint,
    files: [...files],
    runs: folders,
    isSure,
  });
}
