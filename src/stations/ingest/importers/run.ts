import { EmporiumError } from "../../../core/errors.js";
import { runMetadataKey } from "../../../model/layout.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, addMetadataTask, type Draft, newDraft, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import type { GivenId } from "../identifiers.js";
import { findAlignment, planDefaultAlignment } from "./alignment.js";
import { type PlanContext, type SectionItem, wantsTomograms } from "./context.js";
import { planTomogram } from "./tomogram.js";
import {
  dropCollisions,
  findTomograms,
  firstReadable,
  identityOf,
  type ReadTomogram,
  readTomogram,
  type TomogramCandidate,
  tomogramIds,
} from "./tomogram-candidates.js";
import { findVoxelSpacings } from "./voxel-spacing.js";

export interface RunPlan {
  readonly draft: Draft;
  readonly given: readonly GivenId[];
}

/** Everything of one run. Whatever goes wrong below it is a failure of the entity concerned; the others are planned all the same. */
export async function planRun(
  context: PlanContext,
  item: SectionItem,
  run: Ancestor,
  above: readonly Ancestor[],
): Promise<RunPlan> {
  const draft = newDraft();
  const [deposition, dataset] = above as [Ancestor, Ancestor];
  const where: Whereabouts = { dataset: scalarText(dataset.name), run: scalarText(run.name) };
  const scope: Scope = {
    ancestors: [...above, run],
    row: context.runData.row(where.run!),
    mapped: context.runData.mapped(where.run!),
  };
  const given =
    wantsTomograms(context) || writesAlignment(context) ? await planVolumes(context, draft, run, deposition, scope, where) : [];
  planRunMetadata(context, draft, item, deposition, where);
  return { draft, given };
}

function planRunMetadata(context: PlanContext, draft: Draft, item: SectionItem, deposition: Ancestor, where: Whereabouts): void {
  if (!context.selection.metadata("run")) return;
  const title = `metadata of run ${where.run}`;
  if (item.atTarget) {
    const why = "it is only referred to";
    draft.entities.push({
      kind: "run",
      title,
      ...where,
      action: "leave",
      why,
      reads: [],
      writes: [],
      bytes: 0,
      place: item.place,
    });
    return;
  }
  addMetadataTask(draft, {
    kind: "run",
    title,
    key: runMetadataKey(where.dataset!, where.run!),
    configured: {},
    measured: { run_name: where.run! },
    depositionId: deposition.name,
    force: context.force,
    place: item.place,
    where,
  });
}

/** Voxel spacings, tomograms and the alignment they name. */
async function planVolumes(
  context: PlanContext,
  draft: Draft,
  run: Ancestor,
  deposition: Ancestor,
  scope: Scope,
  where: Whereabouts,
): Promise<readonly GivenId[]> {
  const depositionId = scalarText(deposition.name);
  const spacings = await attempt(draft, "voxel spacing", "voxel_spacing", where, () => findVoxelSpacings(context, run, scope));
  const found: TomogramCandidate[] = [];
  for (const spacing of spacings ?? []) {
    const below = { ...scope, ancestors: [...scope.ancestors, spacing.ancestor] };
    const title = `tomograms of ${where.run} (${spacing.name} Å)`;
    found.push(
      ...((await attempt(draft, title, "tomogram", where, () => findTomograms(context, draft, spacing, below, where))) ?? []),
    );
  }
  const alignment = await attempt(draft, `alignment of ${where.run}`, "alignment", where, () =>
    findAlignment(context, run, scope, depositionId),
  );
  if (!alignment) return [];

  const identity = (candidate: TomogramCandidate) => identityOf(context, candidate, alignment, depositionId);
  const selected = found.filter((candidate) => candidate.selected);
  const read: ReadTomogram[] = [];
  for (const candidate of dropCollisions(context, draft, selected, identity, where)) {
    const tomogram = await readTomogram(context, draft, candidate, where);
    if (tomogram) read.push(tomogram);
  }

  const task = await attempt(draft, `default alignment of ${where.run}`, "alignment", where, async () => {
    if (alignment.origin !== "default" || !writesAlignment(context)) return undefined;
    const volume = await firstReadable(context, found, read);
    const planned = await planDefaultAlignment(context, draft, alignment, run, deposition, volume, where);
    if (planned || found.length === 0) return planned;
    throw new EmporiumError(
      "TASK_BLOCKED",
      `${where.run}: the default alignment needs a tomogram, none of the run's can be read`,
      {
        place: found[0]!.item.place,
        hint: "mend the tomograms named above, or configure volume_dimension",
      },
    );
  });

  // the reference gives ids to all that it finds, before any filter; otherwise only what is written gets one
  const ids = await tomogramIds(context, run, depositionId, (context.compat ? found : read).map(identity));
  for (const tomogram of read) {
    const below = { ...scope, ancestors: [...scope.ancestors, tomogram.spacing.ancestor] };
    await attempt(draft, tomogram.title, "tomogram", where, () => {
      const id = ids.of(identity(tomogram));
      const needs = task ? [task.id] : [];
      return planTomogram(context, draft, tomogram, { id, alignment, needs, run, deposition, scope: below }, where);
    });
  }
  return [...alignment.given, ...ids.given];
}

function writesAlignment({ selection }: PlanContext): boolean {
  return selection.metadata("alignment") && selection.accepts("alignment", "default");
}

async function attempt<T>(
  draft: Draft,
  title: string,
  kind: "voxel_spacing" | "tomogram" | "alignment",
  where: Whereabouts,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    addFailure(draft, error, title, kind, where);
    return undefined;
  }
}
