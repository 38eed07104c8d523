import { EmporiumError } from "../../../core/errors.js";
import { Float, toNumber } from "../../../core/number.js";
import type { TypeKey } from "../../../model/kinds.js";
import { voxelSpacingFolder } from "../../../model/layout.js";
import { roundVoxelSpacing, voxelSpacingName } from "../../../model/voxel-spacing.js";
import { expandScalar, isTemplate, parseFloating } from "../config/expand.js";
import { type Scalar, type ScalarNode, scalarText } from "../config/nodes.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import type { PlanContext } from "./context.js";
import { attempt, type Importer, type RunScope } from "./importer.js";
import { findSection, type SectionItem, wants, wantsTomograms } from "./sections.js";
import { placeOfFinder } from "./source-names.js";

/** A voxel spacing of a run. Its name has three decimals wherever it came from. */
export interface VoxelSpacing {
  readonly ancestor: Ancestor;
  readonly angstrom: number;
  readonly name: string;
  readonly item: SectionItem;
}

const KIND = "voxel_spacing";

/** The voxel spacings of a run: none where they cannot be found. Nothing is planned of them. */
export const voxelSpacing: Importer<readonly VoxelSpacing[]> = {
  kind: KIND,
  per: "run",
  needs: [],
  title: () => "voxel spacing",
  isWanted: wantsVolumes,
  find: async (context) =>
    (await attempt(context, { kind: KIND, title: voxelSpacing.title(context) }, () => findVoxelSpacings(context))) ?? [],
  plan: async () => {},
};

/** Whether anything is asked for that voxel spacings are looked for. */
export function wantsVolumes(context: PlanContext): boolean {
  return BELOW_SPACINGS.some((kind) => wants(context, kind));
}

const BELOW_SPACINGS: readonly TypeKey[] = ["tomogram", "alignment", "annotation", "annotation_viz", "key_image", "viz_config"];

/**
 * The spacings of a run, each once, in the order in which they are found.
 *
 * @throws {EmporiumError} CONFIG_EMPTY where sources apply to the run and find nothing, CONFIG_FIELD for a spacing that is no
 *   positive number, CONFIG_VARIABLE for a run without a row
 */
export async function findVoxelSpacings(context: RunScope): Promise<VoxelSpacing[]> {
  const { scope, entity: run } = context;
  const runName = scalarText(run.name);
  const literal = (node: ScalarNode): Scalar => literalSpacing(node, runName, scope, context.compat);
  const { items: all, applied } = await findSection(context, KIND, scope, literal);
  // folders are meant where the target is searched
  const items = all.filter(({ atTarget, folder }) => !atTarget || folder);
  if (items.length === 0 && applied.length > 0 && (wantsTomograms(context) || wants(context, "annotation"))) {
    throw new EmporiumError("CONFIG_EMPTY", `${runName}: no voxel spacing found`, {
      place: placeOfFinder(applied[0]!),
      hint: "check the glob, or exclude the run by parent_filters",
    });
  }
  const spacings = new Map<string, VoxelSpacing>();
  for (const item of items) {
    const angstrom = spacingOf(item);
    const name = voxelSpacingName(angstrom);
    if (spacings.has(name)) continue;
    const ancestor: Ancestor = { type: KIND, name, path: item.key, folder: voxelSpacingFolder(run.folder, name) };
    spacings.set(name, { ancestor, angstrom, name, item });
  }
  return [...spacings.values()];
}

/** A literal as it counts for `exclude`: a number as written, a template as the rounded float of its cell. */
function literalSpacing(node: ScalarNode, run: string, { row }: Scope, compat: boolean): Scalar {
  if (typeof node.value !== "string" || !node.value.includes("{")) return node.value;
  if (!row && isTemplate(node.value)) {
    // the reference stumbles here too: a template is no number
    expandScalar(node, { row, run, compat: false });
  }
  const value = expandScalar(node, { row, run, compat });
  const number = typeof value === "string" ? parseFloating(value) : toNumber(value);
  if (number === undefined) throw notASpacing(scalarText(value), node);
  return new Float(roundVoxelSpacing(Number(number)));
}

function spacingOf(item: SectionItem): number {
  const value = typeof item.name === "string" ? parseFloating(item.name)?.value : toNumber(item.name);
  if (value === undefined || !Number.isFinite(value) || roundVoxelSpacing(value) <= 0)
    throw notASpacing(scalarText(item.name), item);
  return roundVoxelSpacing(value);
}

function notASpacing(text: string, { place }: Pick<ScalarNode, "place">): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `${JSON.stringify(text)} as voxel spacing; expected a number of Å above 0`, {
    place,
    hint: "write a number such as 13.48, or float {column}",
  });
}
