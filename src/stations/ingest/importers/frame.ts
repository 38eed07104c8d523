import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import type { Task } from "../../../engine/task.js";
import { mdocLinesLost } from "../../../formats/mdoc/read.js";
import { frameFolder, framesMetadataKey } from "../../../model/layout.js";
import { baseName } from "../../../stores/keys.js";
import { expandValue } from "../config/expand.js";
import { scalarText } from "../config/nodes.js";
import type { Block } from "../config/schema.js";
import { readMetadata } from "../identifiers.js";
import { sameJson } from "../metadata.js";
import { acquisition, wantsAcquired, wantsTiltseries } from "./acquisition.js";
import { addCopies, distinctFiles } from "./copies.js";
import { acquisitionOrder, doseRemark, frameEntries } from "./frame-doses.js";
import { attempt, blockedBy, found, type ImportContext, type Importer, passOver, planned, warn } from "./importer.js";
import { addMetadataTask } from "./metadata-task.js";
import { findSection, isAsked, placeOf, type SectionItem } from "./sections.js";

/** The frames of a run: all files of all its sources together. */
export interface Frames {
  /** Files of the source, each once; empty where the configuration says `default`, or finds none. */
  readonly files: readonly SectionItem[];
  /** The block whose metadata count: the last that found something. */
  readonly block: Block | undefined;
  /** Values for the tilt series: files, and the placeholder `default` as the reference counts it. */
  readonly count: number;
  /** Frames of the target are referred to: nothing of them is written. */
  readonly atTarget: boolean;
  readonly items: readonly SectionItem[];
}

const KIND = "frame";

/** The frames of a run, and what the acquisition file says of them. */
export const frame: Importer<Frames> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section", namedTogether: true },
  needs: [acquisition],
  title: ({ location }) => `frames of ${location.run}`,
  isWanted: wantsAcquired,
  find: findFrames,
  async plan(context, frames) {
    const { length: count } = frames.files;
    if (count > 0) context.uses.countImages({ runFolder: context.entity.folder, count, words: "frame files" });
    const copied = await attempt(context, { kind: KIND, title: frame.title(context) }, async () => planCopies(context, frames));
    const title = `metadata of the frames of ${context.location.run}`;
    await attempt(context, { kind: KIND, title }, async () => {
      const mdoc = planned(context, acquisition);
      // one that cannot be chosen is told by what reads it
      const isMdocLost = !mdoc && !(await found(context, acquisition))?.problem;
      const lost = [...(copied ? [] : [frame.title(context)]), ...(isMdocLost ? [acquisition.title(context)] : [])];
      if (lost.length > 0 && frames.block && context.selection.metadata(KIND))
        throw blockedBy(title, lost, frames.items.at(-1)?.place);
      const needs = [...(mdoc ?? []), ...(copied ?? [])].map(({ id }) => id);
      await planMetadata(context, frames, { title, needs });
    });
  },
};

/** All files of one source entry are one item, named by their joined names; filters apply to that name. */
async function findFrames(context: ImportContext): Promise<Frames> {
  const { items } = await findSection(context, KIND, context.scope);
  const groups = new Map<SectionItem["source"], SectionItem[]>();
  for (const item of items) groups.set(item.source, [...(groups.get(item.source) ?? []), item]);
  const asked = [...groups.values()].filter((group) => isAsked(context, KIND, { name: groupName(group) })).flat();
  const own = asked.filter(({ atTarget }) => !atTarget);
  const files = distinctFiles(own);
  const stored = items.some(({ atTarget }) => atTarget) ? await storedCount(context) : 0;
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
function groupName(group: readonly SectionItem[]): string {
  return group.map(({ name }) => baseName(scalarText(name))).join(",");
}

/** Frame files that the run's stored metadata name. */
async function storedCount({ target, entity: run }: ImportContext): Promise<number> {
  const metadata = await readMetadata(target.store, framesMetadataKey(run.folder));
  const frames = metadata?.frames;
  return Array.isArray(frames) ? frames.filter((frame: Json) => (frame as JsonObject | null)?.path != null).length : 0;
}

/** Copies the frames under their own names. */
function planCopies(context: ImportContext, { files }: Frames): Task[] {
  if (!context.selection.items(KIND) || files.length === 0) return [];
  const folder = frameFolder(context.entity.folder);
  return addCopies(context, {
    kind: KIND,
    title: frame.title(context),
    copies: files.map((item) => {
      const name = baseName(item.key!);
      return { item, to: `${folder}/${name}`, title: `frame ${name} of ${context.location.run}` };
    }),
    place: files[0]!.place,
  });
}

/**
 * Plans the metadata: doses from the acquisition file, paths by the file names that it gives.
 *
 * @throws {EmporiumError} CONFIG_FIELD without a dose rate; what reading the acquisition file gives
 */
async function planMetadata(
  context: ImportContext,
  frames: Frames,
  { title, needs }: { title: string; needs: readonly string[] },
): Promise<void> {
  if (!context.selection.metadata(KIND)) return;
  if (frames.atTarget) passOver(context, { kind: KIND, title }, "only referred to");
  const { block } = frames;
  if (!block) return;
  const configured = configuredOf(context, frames, block);
  const doseRate = doseRateOf(context, configured, block);
  const { key: mdocKey, read } = (await found(context, acquisition))!;
  const mdoc = await read();
  const lines = wantsTiltseries(context) ? undefined : mdocLinesLost(mdoc); // the tilt series tells them
  if (lines !== undefined) warn(context, lines);
  const order = acquisitionOrder(mdoc, context.compat);
  if (order.warning) warn(context, order.warning);
  const remark = context.compat ? undefined : doseRemark(mdoc, doseRate);
  if (remark) warn(context, remark, placeOf(block, "dose_rate"));
  const paths = pathsByName(context, frames);
  const measured: JsonObject = {
    frames: frameEntries(order, mdoc, {
      doseRate,
      isGainCorrected: configured.is_gain_corrected ?? null,
      pathOf: (name) => paths.get(name) ?? null,
      compat: context.compat,
    }),
    frames_acquisition_file: mdocKey,
  };
  const nameless =
    frames.files.length > 0 ? mdoc.sections.filter(({ subFrameName }) => !paths.has(subFrameName ?? "")).length : 0;
  if (nameless > 0) {
    const message = `${context.location.run}: ${nameless} of ${counted(mdoc.sections.length, "image")} of ${mdoc.name} name no frame file that exists`;
    warn(context, message, placeOf(block), "CONFIG_COUNTS");
  }
  if (frames.files.length > mdoc.sections.length) {
    context.uses.count({
      kind: KIND,
      dataset: context.location.dataset!,
      run: context.location.run!,
      found: counted(frames.files.length, "frame file"),
      expected: `${counted(mdoc.sections.length, "image")} in its mdoc`,
      place: frames.files[0]!.place,
    });
  }
  const key = framesMetadataKey(context.entity.folder);
  addMetadataTask(context, { kind: KIND, title, key, configured, measured, needs, place: placeOf(block) });
}

/** Metadata of the last block. Warns where blocks have different metadata for one run. */
function configuredOf(context: ImportContext, { items }: Frames, block: Block): JsonObject {
  const { scope, location, compat } = context;
  const configuredBy = ({ metadata }: Block): JsonObject =>
    metadata ? (expandValue(metadata, { row: scope.row, run: location.run!, compat }) as JsonObject) : {};
  const blocks = new Set(items.map((item) => item.block));
  const configured = configuredBy(block);
  if (blocks.size > 1 && [...blocks].some((other) => !sameJson(configuredBy(other), configured))) {
    const message = `${location.run}: blocks of frames have different metadata for one run; those of the last one are written for all frames`;
    warn(context, message, placeOf(block));
  }
  return configured;
}

/** Electrons per Å² and second. @throws {EmporiumError} CONFIG_FIELD */
function doseRateOf({ location }: ImportContext, { dose_rate: given }: JsonObject, block: Block): number {
  const doseRate = toNumber(given);
  if (doseRate !== undefined && doseRate > 0) return doseRate;
  const shown = given === undefined ? "missing" : printJson(given, { indent: 0 });
  throw new EmporiumError("CONFIG_FIELD", `${location.run}: dose_rate is ${shown}; expected electrons per Å² and second`, {
    place: placeOf(block, "dose_rate"),
    hint: "give the number, or float {column} to take it from the run data map",
  });
}

/** Keys on the target by file name. The reference knows of the last source entry only, by the names that its finder gives. */
function pathsByName({ compat, entity: run }: ImportContext, { files }: Frames): Map<string, string> {
  const folder = frameFolder(run.folder);
  const known = compat ? files.filter(({ source }) => source === files.at(-1)!.source) : files;
  return new Map(
    known.map(({ key, name }) => [compat ? baseName(scalarText(name)) : baseName(key!), `${folder}/${baseName(key!)}`]),
  );
}
