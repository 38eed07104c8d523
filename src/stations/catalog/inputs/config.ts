import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { member } from "../../../core/json-fields.js";
import { nearest } from "../../../core/nearest.js";
import { compilePattern, type Pattern } from "../../../engine/pattern.js";
import { isStorableText, STORABLE_TEXT } from "../storable-text.js";
import { type JsonFile, kindOf, parseJsonFile, readText } from "./json-file.js";

/** Options for uploading the data sets of a table. */
export interface UploadConfig {
  readonly file: string;
  /** `file`: stored unchanged. `frames`: split into images. */
  readonly uploadType: "file" | "frames";
  readonly microscope: string | null;
  /** Format of frames; undefined for uploads of whole files. */
  readonly framesFormat: FramesFormat | undefined;
  /** Name of a registered parser of file names. */
  readonly filenameParser: string | undefined;
  /** Regular expression with named groups, in place of a parser. */
  readonly filenamePattern: Pattern | undefined;
  /** Absolute path of the JSON Schema of a frame's metadata. */
  readonly metaSchema: string | undefined;
  /** Target of files and frames, from `storage` and `storage_access`; `--storage` overrides it. */
  readonly storage: string;
  readonly warnings: readonly string[];
}

export type FramesFormat = "ome_tiff" | "tif_folder" | "tif_id";

const FORMATS: Readonly<Record<string, FramesFormat>> = {
  ome_tiff: "ome_tiff",
  ome_tif: "ome_tiff",
  tiff: "ome_tiff",
  tif_folder: "tif_folder",
  tiff_folder: "tif_folder",
  tif_id: "tif_id",
  tiff_id: "tif_id",
};

/** Names of the schema in the older catalogue's documentation, program and comments. */
const SCHEMA_NAMES = ["meta_schema", "schema_filename", "json_meta"] as const;

const KNOWN = [
  "upload_type",
  "microscope",
  "frames_format",
  "filename_parser",
  "filename_pattern",
  "storage",
  "storage_access",
  ...SCHEMA_NAMES,
] as const;

/** Locations for the words of the older catalogue. */
export const STORAGE_WORDS = { local: "/Volumes/data_lg/czbiohub-imaging/", s3: "s3://czbiohub-imaging" } as const;

/** @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE, CONFIG_REGEX */
export async function readUploadConfig(file: string): Promise<UploadConfig> {
  return parseUploadConfig(await readText(file, "configuration"), file);
}

/** @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE, CONFIG_REGEX, with line and key */
export function parseUploadConfig(text: string, file: string): UploadConfig {
  const document = parseJsonFile(text, file, "configuration");
  const warnings = Object.keys(document.value)
    .filter((key) => !KNOWN.some((known) => known === key))
    .map((key) => {
      const meant = nearest(key, KNOWN);
      return `${file}: the key "${key}" is not known and passed over${meant ? ` (${meant}?)` : ""}`;
    });
  const uploadType = uploadTypeOf(document);
  const microscope = needed(document, "microscope");
  const formatText = optional(document, "frames_format");
  const parser = optional(document, "filename_parser");
  const patternText = optional(document, "filename_pattern");
  if (parser !== undefined && patternText !== undefined) {
    throw new EmporiumError("CONFIG_RULE", "filename_parser and filename_pattern are both given; expected one", {
      place: document.place("filename_pattern"),
    });
  }
  const framesFormat = formatText === undefined ? undefined : framesFormatOf(formatText, document);
  if (uploadType === "frames" && framesFormat === undefined) {
    throw new EmporiumError("CONFIG_RULE", "frames_format is missing, needed where upload_type is frames", {
      place: document.place("upload_type"),
      hint: "add frames_format: ome_tiff, tif_folder or tif_id",
    });
  }
  return {
    file,
    uploadType,
    microscope,
    framesFormat,
    filenameParser: parser,
    filenamePattern: patternText === undefined ? undefined : compileNamePattern(patternText, document.place("filename_pattern")),
    metaSchema: schemaOf(document),
    storage: storageOf(document),
    warnings,
  };
}

/** The upload type. `format` is the old name of `file`: a file that is stored without being read. */
function uploadTypeOf(document: JsonFile): UploadConfig["uploadType"] {
  const word = needed(document, "upload_type").trim().toLowerCase();
  if (word === "file" || word === "format") return "file";
  if (word === "frames") return "frames";
  throw wrong(document, "upload_type", `"${word}"`, "file or frames");
}

function framesFormatOf(text: string, document: JsonFile): FramesFormat {
  if (Object.hasOwn(FORMATS, text)) return FORMATS[text]!;
  const meant = nearest(text, Object.keys(FORMATS));
  throw wrong(
    document,
    "frames_format",
    `"${text}"`,
    "add frames_format: ome_tiff, tif_folder or tif_id",
    meant && `did you mean ${meant}?`,
  );
}

function schemaOf(document: JsonFile): string | undefined {
  const given = SCHEMA_NAMES.flatMap((key) => {
    const name = optional(document, key);
    return name === undefined ? [] : [{ key, name }];
  });
  const [first, other] = given;
  if (first && other && first.name !== other.name) {
    throw new EmporiumError("CONFIG_RULE", `${first.key} and ${other.key} name different schemas`, {
      place: document.place(other.key),
      hint: "keep meta_schema; the others are its old names",
    });
  }
  return first && besideOr(first.name, document.file);
}

function storageOf(document: JsonFile): string {
  const word = optional(document, "storage") ?? "local";
  const access = optional(document, "storage_access");
  if (!/^(?:local|s3)$/i.test(word)) {
    if (!/[/\\:]/.test(word)) throw wrong(document, "storage", `"${word}"`, "local, s3, a folder's path or a bucket's address");
    if (access !== undefined) {
      throw new EmporiumError("CONFIG_RULE", "storage is a place by itself, and storage_access names another", {
        place: document.place("storage_access"),
        hint: "leave storage_access out",
      });
    }
  }
  return storageLocation(word, access);
}

/**
 * The location for a word of the older catalogue: `local` or `s3`, perhaps with the mount or bucket. Any other word is a location
 * itself.
 */
export function storageLocation(word: string, access?: string | undefined): string {
  const kind = word.trim().toLowerCase();
  if (kind === "local") return access ?? STORAGE_WORDS.local;
  if (kind === "s3") return access === undefined ? STORAGE_WORDS.s3 : access.startsWith("s3://") ? access : `s3://${access}`;
  return word;
}

/** Path of a file that the configuration names: relative to the current folder, or else to the configuration's. */
function besideOr(name: string, config: string): string {
  const here = resolve(name);
  const beside = resolve(dirname(config), name);
  return !existsSync(here) && existsSync(beside) ? beside : here;
}

function needed(document: JsonFile, key: string): string {
  const value = member(document.value, key);
  if (typeof value === "string") return storable(document, key, value);
  throw wrong(document, key, kindOf(value), "a text");
}

function optional(document: JsonFile, key: string): string | undefined {
  const value = member(document.value, key);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return storable(document, key, value);
  throw wrong(document, key, kindOf(value), "a text");
}

function storable(document: JsonFile, key: string, text: string): string {
  if (isStorableText(text)) return text;
  throw wrong(document, key, "a text with NUL or half a character", STORABLE_TEXT);
}

function wrong(document: JsonFile, key: string, found: string, wanted: string, hint?: string | undefined): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `${key}: expected ${wanted}, found ${found}`, { place: document.place(key), hint });
}

/** Names of the groups that a pattern may have. */
const PATTERN_GROUPS = ["channel", "slice", "time", "position"];

/** A pattern for file names, such as `(?<channel>.+)_t(?<time>\d+)_p(?<position>\d+)_z(?<slice>\d+)\.tif`. @throws {EmporiumError} CONFIG_REGEX */
export function compileNamePattern(source: string, place?: Place): Pattern {
  const pattern = compilePattern(source, place);
  const groups = [...source.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map(([, name]) => name!);
  const unknown = groups.find((name) => !PATTERN_GROUPS.includes(name));
  if (unknown === undefined && groups.includes("channel")) return pattern;
  const found = unknown === undefined ? "the pattern has no group named channel" : `the pattern has a group named ${unknown}`;
  const hint = `use the groups ${PATTERN_GROUPS.map((name) => `(?<${name}>…)`).join(" ")}; channel is required`;
  throw new EmporiumError("CONFIG_REGEX", found, { place, hint });
}
