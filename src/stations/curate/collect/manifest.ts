import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { isJsonObject, jsonObject } from "../../../core/json-fields.js";
import { isFloat } from "../../../core/number.js";
import type { Rule } from "../match/rules.js";
import type { DrawnOn } from "../models/drawn-on.js";
import type { ModelSummary } from "../models/summary.js";

export const MANIFEST = "manifest.json";

/** A file of a batch, with its content, its source and its run of the portal. */
export interface BatchFile {
  /** Absolute path on the drive. Bytes that are no UTF-8 are lone surrogates, as Python's `os.fsdecode` has them. */
  readonly src: string;
  /** Other places of the same content for the same run. */
  readonly copies: readonly string[];
  /** Key below the destination. */
  readonly dest: string;
  readonly sha256: string;
  readonly size: number;
  readonly drive: string;
  readonly species: string | null;
  readonly archive_run: string;
  readonly portal_run: string;
  readonly portal_run_id: string;
  readonly portal_dataset_id: string;
  readonly rule: Rule | "manual";
  readonly score: number;
  readonly label: string;
  readonly model: ModelSummary;
  /** The volume that the model was drawn on, among those beside it. */
  readonly tomogram: DrawnOn;
  /** The batch that has another content of this file. */
  readonly changed_since?: string;
}

/** `manifest.json` of a batch. It is written last, so every file that it lists is complete. */
export interface Manifest {
  readonly version: 1;
  readonly batch: string;
  readonly label: string;
  readonly drives: readonly string[];
  /** Time of the batch's first manifest, ISO 8601 in UTC; later collections keep it. */
  readonly created: string;
  /** Sorted by species, the one of most files first, then by key. */
  readonly files: readonly BatchFile[];
}

export function printManifest(manifest: Manifest): string {
  return `${printJson(finite(manifest) as Json, { indent: 2 })}\n`;
}

/** A damaged header may contain NaN, which JSON cannot represent: null then. */
function finite(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(finite);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, finite(item)]));
}

const TEXTS = [
  "src",
  "dest",
  "sha256",
  "drive",
  "archive_run",
  "portal_run",
  "portal_run_id",
  "portal_dataset_id",
  "label",
] as const;

/** @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD */
export function parseManifest(bytes: Uint8Array, file: string): Manifest {
  const raw = parseJson(new TextDecoder().decode(bytes));
  const fault = (path: string, wanted: string) =>
    new EmporiumError("CONFIG_FIELD", `${file}: ${path}: expected ${wanted}`, {
      place: { file, path },
      hint: "emporium curate collect writes it",
    });
  const object = jsonObject(raw);
  if (object?.version !== 1) throw fault("version", "a manifest of version 1");
  if (typeof object.batch !== "string" || typeof object.label !== "string")
    throw fault("batch", "the name of a batch, and its label");
  if (!Array.isArray(object.files)) throw fault("files", "a list");
  for (const [at, item] of (object.files as readonly Json[]).entries()) {
    for (const name of TEXTS)
      if (!isJsonObject(item) || typeof item[name] !== "string") throw fault(`files.${at}.${name}`, "a text");
    if (!isJsonObject((item as JsonObject).model)) throw fault(`files.${at}.model`, "a summary");
  }
  return plain(object) as unknown as Manifest;
}

/** `1.0` of a file of ours is the number 1. */
function plain(value: Json | undefined): unknown {
  if (Array.isArray(value)) return (value as readonly Json[]).map(plain);
  if (isFloat(value)) return value.value;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
