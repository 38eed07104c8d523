import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { Float, roundHalfEven, toNumber } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { pyramidShapes } from "../../../formats/zarr/ome.js";
import { TILTSERIES_METADATA, tiltseriesFolder, tiltseriesKeys } from "../../../model/layout.js";
import { expandValue, parseFloating } from "../config/expand.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, addMetadataTask, type Draft, leave, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { allotIds, depositionOf, type GivenId, storedKeys } from "../identifiers.js";
import { metadataText } from "../metadata.js";
import { otherVoxelSize, readVolumeSource, type VolumeSource } from "../volume-source.js";
import type { Acquisition } from "./acquisition.js";
import { matchAngles, matchAnglesAsReference } from "./angle-matching.js";
import { findSection, isAsked, type PlanContext, placeOf, type SectionItem, wants } from "./context.js";
import { acquisitionOrder } from "./frame-doses.js";
import { readReference } from "./references.js";
import { fitsOf, sectionParameters } from "./section-parameters.js";
import { baseName } from "./source-names.js";
import { readAngles, readCtf, type SideFile } from "./tiltseries-files.js";
import { addVolumeTask } from "./volume-task.js";

/** A tilt series of a run, before anything of it is read. */
export interface Tiltseries {
  readonly item: SectionItem;
  readonly id: number;
  readonly folder: string;
  readonly metadataKey: string;
  readonly title: string;
  /** False for one that filters leave out, or that is only referred to: files beside it may still be written. */
  readonly selected: boolean;
  /** The filters of the command let it through: what lies below it is looked for. */
  readonly accepted: boolean;
}

export interface FoundTiltseries {
  readonly all: readonly Tiltseries[];
  readonly given: readonly GivenId[];
}

/**
 * The tilt series of a run with their ids. The first one of a deposition is known by the deposition alone, as in the reference; every other one
 * also by the name of its file, so that it does not replace the first. (`compat`: it does, and the last one wins.)
 */
export async function findTiltseries(
  context: PlanContext,
  draft: Draft,
  run: Ancestor,
  scope: Scope,
  depositionId: string,
  where: Whereabouts,
): Promise<FoundTiltseries> {
  const { items } = await findSection(context, "tiltseries", scope);
  const own: SectionItem[] = [];
  const all: Tiltseries[] = [];
  for (const item of items) {
    if (item.atTarget) {
      const reference = await readReference(context, item, TILTSERIES_METADATA);
      if (!reference && wants(context, "tiltseries")) {
        const message = `${where.run}: ${scalarText(item.name)} on the target is no tilt series with metadata, nothing refers to it`;
        draft.warnings.push({ message, place: item.place, ...where });
      }
      if (!reference || all.some(({ metadataKey }) => metadataKey === reference.metadataKey)) continue;
      const title = `tilt series ${reference.id} of ${where.run}`;
      if (wants(context, "tiltseries"))
        draft.entities.push(leave("tiltseries", title, "it is only referred to", where, item.place));
      const { id, folder, metadataKey } = reference;
      const accepted = isAsked(context, "tiltseries", item);
      all.push({ item, id, folder, metadataKey, title, selected: false, accepted });
    } else if (!own.some(({ key, block }) => key === item.key && block === item.block)) own.push(item);
  }
  const container = `${run.folder}/TiltSeries`;
  const identities = own.map((item, index) => {
    const metadata = item.block.metadata?.entries.get("deposition_id");
    const configured = metadata?.kind === "scalar" ? { deposition_id: metadata.value } : {};
    const deposition = depositionOf(configured, depositionId);
    const name = item.key === null ? scalarText(item.name) : baseName(item.key);
    return index === 0 || context.compat ? [deposition] : [deposition, name];
  });
  const stored = await context.stored(run.folder, "tiltseries");
  const known = storedKeys(container, stored, depositionId, identities, context);
  const keyOf = (id: number) => `${tiltseriesFolder(run.folder, id)}/${TILTSERIES_METADATA}`;
  const ids = allotIds(container, known, context, identities);
  for (const [index, item] of own.entries()) {
    const id = ids.of(identities[index]!);
    const accepted = isAsked(context, "tiltseries", item);
    const replaced = context.compat && own.slice(index + 1).some((other) => isAsked(context, "tiltseries", other));
    const title = `tilt series ${id} of ${where.run}`;
    all.push({
      item,
      id,
      folder: tiltseriesFolder(run.folder, id),
      metadataKey: keyOf(id),
      title,
      selected: accepted && !replaced && wants(context, "tiltseries"),
      accepted: accepted && !replaced,
    });
    if (!wants(context, "tiltseries")) continue;
    if (!accepted) draft.entities.push(leave("tiltseries", title, "filtered out", where, item.place));
    if (accepted && replaced) {
      const message = `${where.run}: ${scalarText(item.name)} and a later tilt series have the id ${id}; the last one is written`;
      draft.warnings.push({ message, place: item.place, ...where });
    }
  }
  return { all, given: ids.given };
}

/** Ancestor for what is found below a tilt series. Its path is never known to templates, as in the reference. */
export function tiltseriesAncestor({ item, folder, id }: Tiltseries): Ancestor {
  return { type: "tiltseries", name: item.name, path: null, folder, id };
}

export interface TiltseriesParts {
  readonly run: Ancestor;
  readonly deposition: Ancestor;
  readonly scope: Scope;
  readonly acquisition: Acquisition;
  readonly rawtilt: SideFile;
  readonly ctfs: readonly SideFile[];
  /** Of the run. */
  readonly framesCount: number;
  /** Copies of the files that the metadata name. */
  readonly needs: readonly string[];
}

/** Plans one tilt series: its volume with its metadata, or its metadata alone where no volume is to be written. */
export async function planTiltseries(
  context: PlanContext,
  draft: Draft,
  tiltseries: Tiltseries,
  parts: TiltseriesParts,
  where: Whereabouts,
): Promise<Task | undefined> {
  const { item, title, folder } = tiltseries;
  const { run, deposition, scope, needs } = parts;
  const runName = scalarText(run.name);
  if (item.key === null) {
    throw new EmporiumError("CONFIG_FIELD", `${title}: a literal names no file`, { place: item.place, hint: "use source_glob" });
  }
  const wantsMetadata = context.selection.metadata("tiltseries");
  const writesVolume = context.selection.items("tiltseries") && (context.writeMrc || context.writeZarr);
  if (!wantsMetadata && !writesVolume) return undefined;
  const expansion = { row: scope.row, run: runName, compat: context.compat };
  const [volume, sections] = await Promise.all([
    readVolumeSource(context.source.store, item.key, item.folder, context),
    wantsMetadata ? readSections(context, draft, tiltseries, parts, where) : [],
  ]);
  const configured = item.block.metadata ? (expandValue(item.block.metadata, expansion) as JsonObject) : {};
  for (const message of volume.warnings) draft.warnings.push({ message, ...where });
  const spacing = pixelSpacing(context, draft, item, configured, volume, where);
  const keys = tiltseriesKeys(folder, runName);
  const scales = pyramidShapes(volume.shape, "tiltseries").map(([z, y, x]) => ({ z, y, x }));
  if (wantsMetadata && sections.length > volume.shape[0]) {
    const message = `${title}: ${sections.length} raw tilt angles, the stack has ${volume.shape[0]} sections`;
    draft.warnings.push({ message, place: item.place, ...where });
  }
  const measured: JsonObject = {
    scales,
    size: scales[0]!,
    omezarr_dir: keys.zarr.slice(0, -1),
    mrc_file: keys.mrc,
    run_name: runName,
    frames_count: parts.framesCount,
    pixel_spacing: new Float(spacing),
    per_section_parameter: sections,
    raw_tlt_path: parts.rawtilt.item ? parts.rawtilt.key : null,
    ctf_path: parts.ctfs.find((ctf) => ctf.item)?.key ?? null,
  };
  if (!writesVolume) {
    return addMetadataTask(draft, {
      kind: "tiltseries",
      title: `metadata of ${title}`,
      key: keys.metadata,
      configured,
      measured,
      depositionId: deposition.name,
      needs,
      force: context.force,
      place: item.place,
      where,
    });
  }
  const metadata = wantsMetadata ? metadataText(configured, measured, deposition.name as Json) : null;
  const task = addVolumeTask(context, draft, {
    kind: "tiltseries",
    title,
    volume,
    keys,
    metadata,
    spacingAngstrom: spacing,
    needs,
    place: item.place,
  });
  draft.entities.push({
    kind: "tiltseries",
    title,
    ...where,
    action: "write",
    reads: [context.source.fullPath(item.key)],
    writes: task.outputs,
    bytes: volume.bytes,
    place: item.place,
  });
  return task;
}

/** Notes that a tilt series cannot be made, with the file that it would be made of. */
export function failTiltseries(
  context: PlanContext,
  draft: Draft,
  { item, title }: Tiltseries,
  error: unknown,
  where: Whereabouts,
): void {
  const reads = item.key === null ? [] : [context.source.fullPath(item.key)];
  addFailure(draft, error, title, "tiltseries", where, item.place, reads);
}

/**
 * Å: as configured, else of the header, rounded to three decimals.
 *
 * @throws {EmporiumError} CONFIG_FIELD, FORMAT_FIELD where neither says it
 */
function pixelSpacing(
  context: PlanContext,
  draft: Draft,
  item: SectionItem,
  configured: JsonObject,
  volume: VolumeSource,
  where: Whereabouts,
): number {
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
    draft.warnings.push({ message, place: placeOf(item.block, "pixel_spacing"), ...where });
  }
  return value;
}

/**
 * One entry for each raw tilt angle. Without angles, or without an acquisition file, there is nothing to tell of sections: none, with a warning.
 *
 * @throws {EmporiumError} under `compat` also for missing files, as the reference
 */
async function readSections(
  context: PlanContext,
  draft: Draft,
  { title, item }: Tiltseries,
  { acquisition, rawtilt, ctfs }: TiltseriesParts,
  where: Whereabouts,
): Promise<JsonObject[]> {
  const lacking = rawtilt.problem ?? (rawtilt.item ? undefined : absentAngles(title, rawtilt));
  const [angles, mdoc, ctf] = await Promise.all([
    lacking ? undefined : readAngles(context, rawtilt),
    acquisition.read().catch((error: unknown) => {
      const absent = error === acquisition.problem || (error as Partial<EmporiumError>).code === "STORE_ABSENT";
      if (!absent || context.compat) throw error;
      return error as EmporiumError;
    }),
    ctfs.find((one) => one.item) ? readCtf(context, ctfs.find((one) => one.item)!, where.run!) : [],
  ]);
  if (lacking && context.compat) throw lacking;
  if (!angles || mdoc instanceof Error) {
    const why = [lacking && reasonOf(lacking, "raw tilt angles"), mdoc instanceof Error && reasonOf(mdoc, "acquisition file")]
      .filter(Boolean)
      .join("; ");
    draft.warnings.push({ message: `${title}: nothing is told of its sections: ${why}`, place: item.place, ...where });
    return [];
  }
  const order = acquisitionOrder(mdoc, context.compat);
  const match = context.compat ? matchAnglesAsReference : matchAngles;
  const { sections, approximate } = match(angles.angles, order.sections, { file: angles.name, acquisition: mdoc.name });
  if (approximate > 0) {
    const message = `${title}: ${approximate} of ${sections.length} raw tilt angles differ from those of ${mdoc.name} in the second decimal; the nearest images are taken`;
    draft.warnings.push({ message, place: rawtilt.item?.place, ...where });
  }
  const { fits, remark } = fitsOf(sections, ctf);
  if (remark && !context.compat) {
    const table = ctfs.find((one) => one.item)!;
    const message = `${title}: of the CTF table ${context.source.fullPath(table.item!.key!)}, ${remark}`;
    draft.warnings.push({ message, place: table.item!.place, ...where });
  }
  return sectionParameters(sections, fits);
}

/** A collision is a failure of its own, with its files: it is not told again with all that lacks what it is about. */
function reasonOf({ code, message }: EmporiumError, what: string): string {
  return code === "CONFIG_COLLISION" ? `the ${what} cannot be chosen` : message;
}

function absentAngles(title: string, { configured, key }: SideFile): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${title}: no raw tilt angles are ${configured ? "found" : "configured"}`, {
    hint: `add a section rawtilts that finds what becomes ${key}`,
  });
}
