import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { isAnnotationMetadata } from "../../../model/annotation-files.js";

/** An object or folder that a metadata document names, relative to the tree's root. */
export interface Reference {
  /** Key without a slash at its end, also where it is a folder. */
  key: string;
  /** Dotted path of the field in the document: `files.0.path`. */
  field: string;
  /** An OME-Zarr folder. */
  zarr: boolean;
  /** An MRC file that ingest made, not a copy. */
  mrc: boolean;
  /** The portal's metadata name it whether it is made or not: pictures and Neuroglancer configurations of a tomogram. */
  promised: boolean;
}

/** Fields of each document that name objects. `*` stands for every member of a list or map. */
const FIELDS: Readonly<Record<string, readonly { path: string; zarr?: true; mrc?: true; promised?: true }[]>> = {
  "deposition_metadata.json": [{ path: "key_photos.*" }],
  "dataset_metadata.json": [{ path: "key_photos.*" }],
  "frames_metadata.json": [{ path: "frames.*.path" }, { path: "frames_acquisition_file" }],
  "tiltseries_metadata.json": [
    { path: "omezarr_dir", zarr: true },
    { path: "mrc_file", mrc: true },
    { path: "raw_tlt_path" },
    { path: "ctf_path" },
  ],
  "alignment_metadata.json": [
    { path: "alignment_path" },
    { path: "tilt_path" },
    { path: "tiltx_path" },
    { path: "tiltseries_path" },
    { path: "files.*" },
  ],
  "tomogram_metadata.json": [
    { path: "omezarr_dir", zarr: true },
    { path: "mrc_file", mrc: true },
    { path: "key_photo.*", promised: true },
    { path: "alignment_metadata_path" },
    { path: "neuroglancer_config_path", promised: true },
  ],
};

/** Objects that a document of the tree names. Documents that name nothing, and values that are no text, give none. */
export function referencesOf(key: string, document: JsonObject): Reference[] {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const fields = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (fields) {
    return fields.flatMap(({ path, zarr = false, mrc = false, promised = false }) =>
      textsAt(document, path.split("."), "").map(([field, text]) => ({ key: text, field, zarr, mrc, promised })),
    );
  }
  return key.includes("/Annotations/") && isAnnotationMetadata(name) ? annotationReferences(document) : [];
}

function annotationReferences(document: JsonObject): Reference[] {
  const named = { zarr: false, mrc: false, promised: false };
  const files = Array.isArray(document.files) ? (document.files as readonly Json[]) : [];
  const references = files.flatMap((file, i): Reference[] => {
    if (!isJsonObject(file) || typeof file.path !== "string") return [];
    return [{ ...named, key: file.path, field: `files.${i}.path`, zarr: file.format === "zarr", mrc: file.format === "mrc" }];
  });
  for (const [field, text] of textsAt(document, ["alignment_metadata_path"], "")) references.push({ ...named, key: text, field });
  return references;
}

function textsAt(value: Json | undefined, [step, ...rest]: readonly string[], field: string): [field: string, text: string][] {
  if (step === undefined) return typeof value === "string" && value !== "" ? [[field, value.replace(/\/+$/, "")]] : [];
  if (typeof value !== "object" || value === null) return [];
  const names = step === "*" ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
  return names.flatMap((name) => textsAt((value as JsonObject)[name], rest, field === "" ? name : `${field}.${name}`));
}
