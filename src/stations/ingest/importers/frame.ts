import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { frameFolder, framesMetadataKey } from "../../../model/layout.js";
import { expandValue } from "../config/expand.js";
import { scalarText } from "../config/nodes.js";
import type { Block } from "../config/schema.js";
import { addMetadataTask, type Draft, leave, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { readMetadata } from "../identifiers.js";
import { sameJson } from "../metadata.js";
import type { Acquisition } from "./acquisition.js";
import { findSection, isAsked, type PlanContext, placeOf, type SectionItem } from "./context.js";
import { addCopies, distinctFiles } from "./copies.js";
import { acquisitionOrder, doseRemark, frameEntries } from "./frame-doses.js";
import { baseName } from "./source-names.js";

/** The frames of a run: all files of all its sources together. */
export interface Frames {
  /** Of the source, each once; empty where the config says `default`, or finds none. */
  readonly files: readonly SectionItem[];
  /** The block whose metadata count: the last that found something. */
  readonly block: Block | undefined;
  /** Values for the tilt series: files, and the placeholder `default` as the reference counts it. */
  readonly count: number;
  /** Frames of the target are referred to: nothing of them is written. */
  readonly atTarget: boolean;
  readonly items: readonly SectionItem[];
}

/** Finds the frames of a run. All files of one source entry are one item, named by their joined names; filters go by that name. */
export async function findFrames(context: PlanContext, run: Ancestor, scope: Scope): Promise<Frames> {
  const { items } = await findSection(context, "frame", scope);
  const groups = new Map<SectionItem["source"], SectionItem[]>();
  for (const item of items) groups.set(item.source, [...(groups.get(item.source) ?? []), item]);
  const asked = [...groups.values()].filter((group) => isAsked(context, "frame", { name: groupName(group) })).flat();
  const own = asked.filter(({ atTarget }) => !atTarget);
  const files = distinctFiles(own);
  const stored = items.some(({ atTarget }) => atTarget) ? await storedCount(context, run) : 0;
  const placeholders = context.compat ? items.filter(({ key }) => key === null).length : 0;
  return {
    files,
    block: own.at(-1)?.block,
    count: distinctFiles(items.filter(({ atTarget }) => !atTarget)).length + placeholders + stored,
    atTarget: own.length === 0 && items.some(({ atTarget }) => atTarget),
    items: own,
  };
}

/** Name of all files of one source entry: their base names with commas between. */
export function groupName(group: readonly SectionItem[]): string {
  return group.map(({ name }) => baseName(scalarText(name))).join(",");
}

/** Frame files that the run's stored metadata name. */
async function storedCount({ target }: PlanContext, run: Ancestor): Promise<number> {
  const metadata = await readMetadata(target.store, framesMetadataKey(run.folder));
  const frames = metadata?.frames;
  return Array.isArray(frames) ? frames.filter((frame: Json) => (frame as JsonObject | null)?.path != null).length : 0;
}

/** Copies the frames under their own names. */
export function planFrameCopies(context: PlanContext, draft: Draft, frames: Frames, run: Ancestor, where: Whereabouts): Task[] {
  if (!context.selection.items("frame") || frames.files.length === 0) return [];
  const folder = frameFolder(run.folder);
  return addCopies(context, draft, {
    kind: "frame",
    title: `frames of ${where.run}`,
    copies: frames.files.map((item) => {
      const name = baseName(item.key!);
      return { item, to: `${folder}/${name}`, title: `frame ${name} of ${where.run}` };
    }),
    place: frames.files[0]!.place,
    where,
  });
}

/**
 * Plans the metadata: doses from the acquisition file, paths by the file names that it gives.
 *
 * @throws {EmporiumError} CONFIG_FIELD without a dose rate; what reading the acquisition file gives
 */
export async function planFramesMetadata(
  context: PlanContext,
  draft: Draft,
  frames: Frames,
  acquisition: Acquisition,
  { run, deposition, scope, needs }: { run: Ancestor; deposition: Ancestor; scope: Scope; needs: readonly string[] },
  where: Whereabouts,
): Promise<void> {
  if (!context.selection.metadata("frame")) return;
  const title = `metadata of the frames of ${where.run}`;
  if (frames.atTarget) draft.entities.push(leave("frame", title, "they are only referred to", where));
  const { block, items } = frames;
  if (!block) return;
  const blocks = new Set(items.map((item) => item.block));
  const configuredBy = ({ metadata }: Block): JsonObject =>
    metadata ? (expandValue(metadata, { row: scope.row, run: where.run!, compat: context.compat }) as JsonObject) : {};
  const configured = configuredBy(block);
  if (blocks.size > 1 && [...blocks].some((other) => !sameJson(configuredBy(other), configured))) {
    const message = `${where.run}: blocks of frames say different things of one run; what the last one says is written for all frames`;
    draft.warnings.push({ message, place: placeOf(block), ...where });
  }
  const doseRate = toNumber(configured.dose_rate);
  if (doseRate === undefined || !(doseRate > 0)) {
    const found = configured.dose_rate === undefined ? "missing" : printJson(configured.dose_rate, { indent: 0 });
    throw new EmporiumError("CONFIG_FIELD", `${where.run}: dose_rate is ${found}, electrons per Å² and second are wanted`, {
      place: placeOf(block, "dose_rate"),
      hint: "give the number, or float {column} to take it from the run data map",
    });
  }
  const mdoc = await acquisition.read();
  const order = acquisitionOrder(mdoc, context.compat);
  if (order.warning) draft.warnings.push({ message: order.warning, ...where });
  const remark = context.compat ? undefined : doseRemark(mdoc, doseRate);
  if (remark) draft.warnings.push({ message: remark, place: placeOf(block, "dose_rate"), ...where });
  const paths = pathsByName(context, frames, run);
  const measured: JsonObject = {
    frames: frameEntries(order, mdoc, {
      doseRate,
      isGainCorrected: configured.is_gain_corrected ?? null,
      pathOf: (name) => paths.get(name) ?? null,
      compat: context.compat,
    }),
    frames_acquisition_file: acquisition.key,
  };
  const nameless =
    frames.files.length > 0 ? mdoc.sections.filter(({ subFrameName }) => !paths.has(subFrameName ?? "")).length : 0;
  if (nameless > 0) {
    const message = `${where.run}: ${nameless} of ${mdoc.sections.length} images of ${mdoc.name} name no frame file that is found`;
    draft.warnings.push({ message, place: placeOf(block), ...where });
  }
  addMetadataTask(draft, {
    kind: "frame",
    title,
    key: framesMetadataKey(run.folder),
    configured,
    measured,
    depositionId: deposition.name,
    needs,
    force: context.force,
    place: placeOf(block),
    where,
  });
}

/** Keys on the target by file name. The reference knows of the last source entry only, by the names that its finder gives. */
function pathsByName(context: PlanContext, { files }: Frames, run: Ancestor): Map<string, string> {
  const folder = frameFolder(run.folder);
  const known = context.compat ? files.filter(({ source }) => source === files.at(-1)!.source) : files;
  return new Map(
    known.map(({ key, name }) => [context.compat ? baseName(scalarText(name)) : baseName(key!), `${folder}/${baseName(key!)}`]),
  );
}
