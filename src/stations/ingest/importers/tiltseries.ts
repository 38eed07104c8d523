import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { Float, roundHalfEven, toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import type { Task } from "../../../engine/task.js";
import { pyramidShapes } from "../../../formats/zarr/ome.js";
import { tiltseriesKeys } from "../../../model/layout.js";
import { expandValue, parseFloating } from "../config/expand.js";
import { orNothing } from "../draft.js";
import type { Ancestor } from "../finders/scope.js";
import { metadataText } from "../metadata.js";
import { otherVoxelSize, type VolumeSource } from "../volume-source.js";
import { acquisition, wantsTiltseries } from "./acquisition.js";
import { frame } from "./frame.js";
import {
  addWritten,
  attempt,
  blockedBy,
  contextBelow,
  fail,
  findAll,
  found,
  type ImportContext,
  type Importer,
  planAll,
  planned,
  warn,
} from "./importer.js";
import { addMetadataTask } from "./metadata-task.js";
import { placeOf, type SectionItem } from "./sections.js";
import { ctf, rawtilt, readAngles } from "./tiltseries-files.js";
import { findTiltseries, type Tiltseries } from "./tiltseries-find.js";
import { readSections, type SectionSources } from "./tiltseries-sections.js";
import { addVolumeTask } from "./volume-task.js";

const KIND = "tiltseries";

/** The first tilt series of a run, for what names it. */
export type PlannedTiltseries =
  | {
      readonly metadataKey: string;
      /** Tasks that make it: none where it is on the target already. */
      readonly needs: readonly string[];
    }
  /** It cannot be made, and is not on the target. */
  | { readonly failed: string };

/** The tilt series of a run with the files beside them. Undefined where the run has none. */
export const tiltseries: Importer<readonly Tiltseries[], PlannedTiltseries | undefined> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section", asVolumes: true },
  needs: [acquisition],
  title: ({ location }) => `tilt series of ${location.run}`,
  isWanted: wantsTiltseries,
  find: findTiltseries,
  async plan(context, all) {
    const tasks = new Map<Tiltseries, readonly Task[] | undefined>();
    for (const one of all.filter(({ accepted }) => accepted)) tasks.set(one, await planOne(context, one));
    const [first] = all;
    if (!first) return undefined;
    const { metadataKey, title } = first;
    const made = tasks.has(first) ? tasks.get(first) : [];
    if (made) return { metadataKey, needs: made.map(({ id }) => id) };
    const isThere = (await context.stored(context.entity.folder, KIND)).some(({ id }) => id === first.id);
    return isThere ? { metadataKey, needs: [] } : { failed: title };
  },
};

/** One tilt series with its raw tilt angles and CTF tables: the tasks that make it. Undefined where it cannot be made. */
async function planOne(context: ImportContext, one: Tiltseries): Promise<readonly Task[] | undefined> {
  const { item, title } = one;
  const below = contextBelow(context, ancestorOf(one), item);
  const areFound = await attempt(context, { kind: KIND, title: `files of ${title}` }, async () => {
    await findAll(below, KIND);
    return true;
  });
  if (!areFound) return undefined;
  await planAll(below, KIND);
  if (!one.selected) return [];
  try {
    const sources = {
      acquisition: (await found(context, acquisition))!,
      rawtilt: (await found(below, rawtilt))!,
      ctfs: (await found(below, ctf))!,
    };
    const copied = [planned(context, acquisition), planned(below, rawtilt), planned(below, ctf)];
    const needs = copied.flatMap((tasks) => tasks ?? []).map(({ id }) => id);
    const frames = await found(context, frame);
    if (!frames) throw blockedBy(title, [frame.title(context)], item.place);
    const framesCount = frames.count;
    return await planVolume(context, one, { ...sources, framesCount, needs });
  } catch (error) {
    fail(context, error, { kind: KIND, title }, item.place, item.key === null ? [] : [context.source.fullPath(item.key)]);
    return undefined;
  }
}

/** Ancestor for what is found below a tilt series. Its path is never known to templates, as in the reference. */
function ancestorOf({ item, folder, id }: Tiltseries): Ancestor {
  return { type: KIND, name: item.name, path: null, folder, id };
}

interface Parts extends SectionSources {
  /** Number of frames of the run. */
  readonly framesCount: number;
  /** Copies of the files that the metadata name. */
  readonly needs: readonly string[];
}

/** Plans the volume with its metadata, or its metadata alone where no volume is to be written. */
async function planVolume(context: ImportContext, one: Tiltseries, parts: Parts): Promise<readonly Task[]> {
  const { item, title } = one;
  const { selection, scope, location, compat } = context;
  if (item.key === null) {
    throw new EmporiumError("CONFIG_FIELD", `${title}: a literal names no file`, { place: item.place, hint: "use source_glob" });
  }
  const wantsMetadata = selection.metadata(KIND);
  const writesVolume = selection.items(KIND) && (context.writeMrc || context.writeZarr);
  if (!wantsMetadata && !writesVolume) return [];
  const [volume, sections] = await Promise.all([
    context.volumes.read(item.key, item.folder),
    wantsMetadata ? readSections(context, one, parts) : [],
  ]);
  const expansion = { row: scope.row, run: location.run!, compat };
  const configured = item.block.metadata ? (expandValue(item.block.metadata, expansion) as JsonObject) : {};
  for (const message of volume.warnings) warn(context, message);
  if (wantsMetadata && parts.ctfs.some(({ problem }) => problem) && !parts.ctfs.some((table) => table.item))
    warn(context, `${title}: the metadata name no CTF table, because several are possible`, item.place);
  const spacingAngstrom = pixelSpacing(context, item, configured, volume);
  if (wantsMetadata || selection.items(rawtilt.kind)) await countImages(context, one, volume, parts);
  const keys = tiltseriesKeys(one.folder, location.run!);
  const measured = measuredOf(context, keys, volume, { ...parts, sections, spacingAngstrom });
  const { needs } = parts;
  const { place } = item;
  if (!writesVolume) {
    const request = {
      kind: KIND,
      title: `metadata of ${title}`,
      key: keys.metadata,
      configured,
      measured,
      needs,
      place,
    } as const;
    return [addMetadataTask(context, request)];
  }
  const metadata = wantsMetadata ? metadataText(configured, measured, context.deposition.name as Json) : null;
  const task = addVolumeTask(context, { kind: KIND, title, volume, keys, metadata, spacingAngstrom, needs, place });
  const reads = [context.source.fullPath(item.key)];
  addWritten(context, { kind: KIND, title }, { reads, writes: task.outputs, bytes: volume.bytes, place });
  return [task];
}

/**
 * Compares the sections of a stack with its raw tilt angles, of which each has one, and with the images of the mdoc, of which some may have been
 * left out of it. Files that cannot be read are reported elsewhere.
 */
async function countImages(context: ImportContext, { item }: Tiltseries, { shape }: VolumeSource, parts: Parts): Promise<void> {
  const [sections] = shape;
  const tell = (found: string, isUsual?: true) =>
    context.uses.count({
      kind: KIND,
      dataset: context.location.dataset!,
      run: context.location.run!,
      found,
      expected: `${counted(sections, "section")} in its stack`,
      place: item.place,
      isUsual,
    });
  const runFolder = context.entity.folder;
  context.uses.countImages({ runFolder, count: sections, words: "sections in its tilt series", key: item.key!, shape });
  const angles = parts.rawtilt.item && (await orNothing(() => readAngles(context, parts.rawtilt)))?.angles.length;
  if (angles !== undefined) context.uses.countImages({ runFolder, count: angles, words: "raw tilt angles" });
  if (angles !== undefined && angles !== sections) return tell(counted(angles, "raw tilt angle"));
  const images = (await orNothing(() => parts.acquisition.read()))?.sections.length;
  if (images === undefined || images === sections) return;
  tell(`${counted(images, "image")} in its mdoc`, images > sections ? true : undefined);
}

function measuredOf(
  { location }: ImportContext,
  keys: ReturnType<typeof tiltseriesKeys>,
  volume: VolumeSource,
  {
    rawtilt: angles,
    ctfs,
    framesCount,
    sections,
    spacingAngstrom,
  }: Parts & { sections: readonly JsonObject[]; spacingAngstrom: number },
): JsonObject {
  const scales = pyramidShapes(volume.shape, KIND).map(([z, y, x]) => ({ z, y, x }));
  return {
    scales,
    size: scales[0]!,
    omezarr_dir: keys.zarr.slice(0, -1),
    mrc_file: keys.mrc,
    run_name: location.run!,
    frames_count: framesCount,
    pixel_spacing: new Float(spacingAngstrom),
    per_section_parameter: sections,
    raw_tlt_path: angles.item ? angles.key : null,
    ctf_path: ctfs.find((table) => table.item)?.key ?? null,
  };
}

/**
 * Å: as configured, else of the header, rounded to three decimals.
 *
 * @throws {EmporiumError} CONFIG_FIELD, FORMAT_FIELD where neither says it
 */
function pixelSpacing(context: ImportContext, item: SectionItem, configured: JsonObject, volume: VolumeSource): number {
  const given = configured.pixel_spacing;
  const name = context.source.fullPath(item.key!);
  if (given === undefined || given === null) {
    if (volume.voxelSizeAngstrom !== undefined) return roundHalfEven(volume.voxelSizeAngstrom, 3);
    throw new EmporiumError("FORMAT_FIELD", `${name}: the header has no pixel size, and pixel_spacing is not configured`, {
      place: placeOf(item.block),
      hint: "add pixel_spacing in Å to the metadata",
    });
  }
  const value = typeof given === "string" ? parseFloating(given)?.value : toNumber(given);
  if (value === undefined || !(value > 0) || !Number.isFinite(value)) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `pixel_spacing is ${printJson(given, { indent: 0 })}; expected a number of Å above 0`,
      {
        place: placeOf(item.block, "pixel_spacing"),
        hint: "write a number such as 1.96, or float {column}",
      },
    );
  }
  const found = otherVoxelSize(volume, value, "yx");
  if (found !== undefined) {
    const message = `${name}: the header's pixel size is ${found}, the configured pixel_spacing ${value} Å is used`;
    warn(context, message, placeOf(item.block, "pixel_spacing"));
  }
  return value;
}
