import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { systemClock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { checkPlan } from "../../../engine/plan.js";
import { parseLocation } from "../../../stores/url.js";
import type { FrameSet, SourceFile } from "../frames/frame.js";
import { type FrameSource, openFrameSource, withStat } from "../frames/frame-source.js";
import { type NameParsers, nameParser, patternParser } from "../frames/name-parsers.js";
import type { SplitOptions } from "../frames/split-options.js";
import { planFrames } from "../frames/splitter.js";
import type { FramesFormat, UploadConfig } from "../inputs/config.js";
import { builtInMetaSchema, type MetaSchema, readMetaSchema } from "../inputs/meta-schema.js";
import type { UploadRow } from "../inputs/upload-table.js";
import { planFileTask } from "./plan.js";

/** Parser of `tif_folder` if the configuration names none. */
const DEFAULT_PARSER = "parse_idx_from_name";

/** Options for splitting sources into frames, from the configuration and the files that it names. */
export interface Splitting extends Pick<SplitOptions, "schema" | "frameName" | "datasetName"> {
  readonly format: FramesFormat;
  /** Schemas that the table names, read once. A name is relative to the current folder, or else to the table's. */
  readonly schemas: Map<string, Promise<MetaSchema>>;
}

/** A row whose source was checked. */
export type Prepared =
  | {
      readonly kind: "file";
      readonly row: UploadRow;
      readonly source: FrameSource;
      readonly file: SourceFile;
      readonly name: string;
    }
  | { readonly kind: "frames"; readonly row: UploadRow; readonly source: FrameSource; readonly set: FrameSet };

/**
 * @returns undefined for uploads of whole files @throws {EmporiumError} CONFIG_FIELD, CONFIG_RULE, USAGE, before any row is
 *   checked
 */
export async function splittingOf(config: UploadConfig, parsers: NameParsers): Promise<Splitting | undefined> {
  const { framesFormat: format, filenameParser, filenamePattern, metaSchema } = config;
  if (config.uploadType === "file" || format === undefined) return undefined;
  if (filenamePattern && format !== "tif_folder") {
    throw new EmporiumError("CONFIG_RULE", `filename_pattern is for tif_folder, frames_format is ${format}`, {
      place: { file: config.file, path: "filename_pattern" },
    });
  }
  return {
    format,
    schemas: new Map(),
    schema: metaSchema === undefined ? builtInMetaSchema : await readMetaSchema(metaSchema),
    frameName: filenamePattern
      ? patternParser(filenamePattern)
      : format === "tif_folder"
        ? inConfig(config, () => nameParser(parsers, filenameParser ?? DEFAULT_PARSER, "frame"))
        : namesUnused,
    datasetName:
      format === "tif_id" && filenameParser !== undefined
        ? inConfig(config, () => nameParser(parsers, filenameParser, "dataset"))
        : undefined,
  };
}

/** Adds the configuration to errors about a parser's name. */
function inConfig<T>({ file }: UploadConfig, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    throw new EmporiumError(error.code, error.message, { ...error.facts, place: { file, path: "filename_parser" } });
  }
}

/**
 * Checks a row's source: headers and names, no pixels.
 *
 * @throws {EmporiumError} CONFIG_FIELD for a missing file_name, or one of the wrong kind; what `planFrames` throws
 */
export async function prepareRow(
  row: UploadRow,
  table: string,
  splitting: Splitting | undefined,
  { signal, allowPrivate }: { signal: AbortSignal; allowPrivate: boolean | undefined },
): Promise<Prepared> {
  const place = { ...row.place, path: `${row.place.path ?? "row"}.file_name` };
  const ofRow = (error: unknown): never => {
    if (isEmporiumError(error) && error.code === "ADDRESS_REFUSED")
      throw new EmporiumError(error.code, `file_name: ${error.message}`, { place, hint: error.facts.hint, cause: error });
    if (!isEmporiumError(error) || !["STORE_ABSENT", "LOCATION_UNKNOWN", "NAME_UNSAFE"].includes(error.code)) throw error;
    throw new EmporiumError("CONFIG_FIELD", `file_name: ${error.message}`, { place, hint: error.facts.hint, cause: error });
  };
  const source = await openFrameSource(besideTable(row.fileName, table), { signal, allowPrivate }).catch(ofRow);
  if (row.metaSchema !== undefined) refuseUnusedSchema(row, splitting);
  if (splitting) {
    const schema = await schemaOf(row, table, splitting);
    const given = { ...splitting, schema, positions: row.positions, place: row.place, signal };
    const set = await planFrames(splitting.format, source, given);
    return { kind: "frames", row, source, set };
  }
  if (source.kind !== "file") {
    throw new EmporiumError("CONFIG_FIELD", `file_name: ${source.name} is a folder; expected a file`, {
      place,
      hint: "use upload_type frames with frames_format tif_folder for folders",
    });
  }
  const file = await withStat(source.store, source.key, { signal });
  try {
    checkPlan(planFileTask(row.id.text, file, source.key, systemClock)); // an invalid name is reported with its row
  } catch (error) {
    ofRow(error);
  }
  return { kind: "file", row, source, file, name: source.key };
}

/** @throws {EmporiumError} CONFIG_RULE: the metadata of other formats' frames are not checked */
function refuseUnusedSchema(row: UploadRow, splitting: Splitting | undefined): void {
  if (splitting?.format === "ome_tiff") return;
  const format = splitting ? `frames_format is ${splitting.format}` : "upload_type is file";
  throw new EmporiumError("CONFIG_RULE", `meta_schema: only frames of ome_tiff are checked against a schema, and ${format}`, {
    place: { ...row.place, path: `${row.place.path ?? "row"}.meta_schema` },
    hint: "leave the field empty",
  });
}

/**
 * The schema that the table names for a data set, or the configuration's. @throws {EmporiumError} CONFIG_FIELD, CONFIG_SYNTAX,
 * USAGE
 */
async function schemaOf(row: UploadRow, table: string, { schema, schemas }: Splitting): Promise<MetaSchema> {
  if (row.metaSchema === undefined) return schema;
  const file = besideTable(row.metaSchema, table);
  const known = schemas.get(file) ?? readMetaSchema(file);
  schemas.set(file, known);
  return known;
}

/** Path of a file that the table names: relative to the current folder, or else to the table's. */
function besideTable(name: string, table: string): string {
  if (/^[a-z][a-z0-9+.-]+:/i.test(name) || existsSync(resolve(name))) return name;
  const beside = resolve(dirname(table), name);
  return parseLocation(name).scheme === "file" && existsSync(beside) ? beside : name;
}

function namesUnused(name: string): never {
  throw new EmporiumError("INTERNAL", `${name}: file names are not parsed here`);
}
