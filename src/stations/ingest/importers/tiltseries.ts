import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { Float, roundHalfEven, toNumber } from "../../../core/number.js";
import { pyramidShapes } from "../../../formats/zarr/ome.js";
import { tiltseriesKeys } from "../../../model/layout.js";
import { expandValue, parseFloating } from "../config/expand.js";
import type { Ancestor } from "../finders/scope.js";
import { metadataText } from "../metadata.js";
import { otherVoxelSize, readVolumeSource, type VolumeSource } from "../volume-source.js";
import { acquisition, wantsTiltseries } from "./acquisition.js";
import { frame } from "./frame.js";
import {
  addWritten,
  attempt,
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
import { ctf, rawtilt } from "./tiltseries-files.js";
import { findTiltseries, type Tiltseries } from "./tiltseries-find.js";
import { readSections, type SectionSources } from "./tiltseries-sections.js";
import { addVolumeTask } from "./volume-task.js";

const KIND = "tiltseries";

/** The tilt series of a run with the files beside them. The plan has the first one's metadata file, if any. */
export const tiltseries: Importer<readonly Tiltseries[], string | undefined> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section", asVolumes: true },
  needs: [acquisition],
  title: ({ location }) => `tilt series of ${location.run}`,
  isWanted: wantsTiltseries,
  find: findTiltseries,
  async plan(context, all) {
    const failed = new Set<Tiltseries>();
    for (const one of all.filter(({ accepted }) => accepted)) if (!(await planOne(context, one))) failed.add(one);
    const [first] = all;
    if (!first) return undefined;
    const isThere = !failed.has(first) || (await context.stored(context.entity.folder, KIND)).some(({ id }) => id === first.id);
    return isThere ? first.metadataKey : undefined;
  },
};

/** One tilt series with its raw tilt angles and CTF tables. False where it cannot be made. */
async function planOne(context: ImportContext, one: Tiltseries): Promise<boolean> {
  const { item, title } = one;
  const below = contextBelow(context, ancestorOf(one), item);
  const areFound = await attempt(context, { kind: KIND, title: `files of ${title}` }, async () => {
    await findAll(below, KIND);
    return true;
  });
  if (!areFound) return false;
  await planAll(below, KIND);
  if (!one.selected) return true;
  try {
    const sources = {
      acquisition: (await found(context, acquisition))!,
      rawtilt: (await found(below, rawtilt))!,
      ctfs: (await found(below, ctf))!,
    };
    const copied = [planned(context, acquisition), planned(below, rawtilt), planned(below, ctf)];
    const needs = copied.flatMap((tasks) => tasks ?? []).map(({ id }) => id);
    const framesCount = (await found(context, frame))?.count ?? 0;
    await planVolume(context, one, { ...sources, framesCount, needs });
    return true;
  } catch (error) {
    fail(context, error, { kind: KIND, title }, item.place, item.key === null ? [] : [context.source.fullPath(item.key)]);
    return false;
  }
}

/** Ancestor for what is found below a tilt series. Its path is never known to templates, as in the reference. */
function ancestorOf({ item, folder, id }: Tiltseries): Ancestor {
  return { type: KIND, name: item.name, path: null, folder, id };
}

interface Parts extends SectionSources {
  /** Of the run. */
  readonly framesCount: number;
  /** Copies of the files that the metadata name. */
  readonly needs: readonly string[];
}

/** Plans the volume with its metadata, or its metadata alone where no volume is to be written. */
async function planVolume(context: ImportContext, one: Tiltseries, parts: Parts): Promise<void> {
  const { item, title } = one;
  const { selection, scope, location, compat } = context;
  if (item.key === null) {
    throw new EmporiumError("CONFIG_FIELD", `${title}: a literal names no file`, { place: item.place, hint: "use source_glob" });
  }
  const wantsMetadata = selection.metadata(KIND);
  const writesVolume = selection.items(KIND) && (context.writeMrc || context.writeZarr);
  if (!wantsMetadata && !writesVolume) return;
  const [volume, sections] = await Promise.all([
    readVolumeSource(context.source.store, item.key, item.folder, context),
    wantsMetadata ? readSections(context, one, parts) : [],
  ]);
  const expansion = { row: scope.row, run: location.run!, compat };
  const configured = item.block.metadata ? (expandValue(item.block.metadata, expansion) as JsonObject) : {};
  for (const message of volume.warnings) warn(context, message);
  const spacingAngstrom = pixelSpacing(context, item, configured, volume);
  if (wantsMetadata && sections.length > volume.shape[0]) {
    warn(context, `${title}: ${sections.length} raw tilt angles, the stack has ${volume.shape[0]} sections`, item.place);
  }
  const keys = tiltseriesKeys(one.folder, location.run!);
  const measured = measuredOf(context, keys, volume, { ...parts, sections, spacingAngstrom });
  const { needs } = parts;
  const { place } = item;
  if (!writesVolume) {
    addMetadataTask(context, {
      kind: KIND,
      title: `metadata of ${title}`,
      key: keys.metadata,
      configured,
      measured,
      needs,
      place,
    });
    return;
  }
  const metadata = wantsMetadata ? metadataText(configured, measured, context.deposition.name as Json) : null;
  const task = addVolumeTask(context, { kind: KIND, title, volume, keys, metadata, spacingAngstrom, needs, place });
  const reads = [context.source.fullPath(item.key)];
  addWritten(context, { kind: KIND, title }, { reads, writes: task.outputs, bytes: volume.bytes, place });
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
      `pixel_spacing is ${printJson(given, { indent: 0 })}, a number of Å above 0 is wanted`,
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
