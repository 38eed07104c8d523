import { scanLabels } from "../../../arrays/stream/source/scan-mask.js";
import { EmporiumError } from "../../../core/errors.js";
import { type Json, parseJson, printJson } from "../../../core/json.js";
import { isJsonObject, jsonList } from "../../../core/json-fields.js";
import type { Operation } from "../../../engine/task.js";
import { countPoints } from "../../../formats/points/ndjson.js";
import { imageLabels } from "../../../formats/zarr/image-labels.js";
import { parseZattrs } from "../../../formats/zarr/metadata.js";
import { parseZarrV3Group } from "../../../formats/zarr/v3-metadata.js";
import { objectName, openObject, type Store } from "../../../stores/store.js";
import { type MutableJson, put } from "../metadata.js";
import { writeMetadata } from "./metadata.js";

/** A file of the target whose objects count. */
export interface CountedFile {
  readonly key: string;
  readonly format: string;
  /** As metadata have it. */
  readonly shape: string;
}

/**
 * Writes the metadata of an annotation when all its files are there. The number of objects is the largest that any of them holds.
 *
 * Params: `{key, metadata: <text without its time>, counted: CountedFile[], force?: true}`.
 */
export const annotationOperation: Operation = async ({ params }, { target, createdMs, signal }) => {
  const key = String(params.key);
  let count = 0;
  for (const file of params.counted as unknown as readonly CountedFile[]) {
    signal.throwIfAborted();
    count = Math.max(count, await countObjects(target, file, signal));
  }
  const metadata = parseJson(String(params.metadata)) as MutableJson;
  put(metadata, "object_count", count);
  const receipt = await writeMetadata(target, key, printJson(metadata), { createdMs, force: params.force === true, signal });
  return { outputs: [receipt], facts: { objects: count } };
};

/** Objects in one file, by the rule of its shape; 0 where it is not there. */
async function countObjects(target: Store, { key, format, shape }: CountedFile, signal: AbortSignal): Promise<number> {
  switch (shape) {
    case "Point":
    case "OrientedPoint":
    case "InstanceSegmentation": {
      if (!(await target.stat(key, { signal }))) return 0;
      const tally = await countPoints(await openObject(target, key, { signal }), { signal });
      return shape === "InstanceSegmentation" ? tally.instances : tally.lines;
    }
    case "InstanceSegmentationMask":
      return format === "zarr" ? countZarrLabels(target, key, signal) : countMrcLabels(target, key, signal);
    case "TriangularMesh":
      return (await target.stat(key, { signal })) ? 1 : 0;
    case "GlobalCaption":
      return countMembers(target, key, "captions", signal);
    case "AnnotationCaption":
      return countMembers(target, key, "objects", signal);
    default:
      return 0;
  }
}

/** Labels that the attributes of an instance mask list. */
async function countZarrLabels(target: Store, key: string, signal: AbortSignal): Promise<number> {
  const name = `${key}/.zattrs`;
  const old = await target.read(name, undefined, { signal });
  if (old) return imageLabels(parseZattrs(old, objectName(target, name)))?.length ?? 0;
  const bytes = await target.read(`${key}/zarr.json`, undefined, { signal });
  if (!bytes) return 0;
  return imageLabels(parseZarrV3Group(bytes, objectName(target, `${key}/zarr.json`)).attributes)?.length ?? 0;
}

/** Labels among the voxels of an instance mask, where there is no Zarr beside it that tells them without reading a voxel. */
async function countMrcLabels(target: Store, key: string, signal: AbortSignal): Promise<number> {
  for (const document of [".zattrs", "zarr.json"])
    if (await target.stat(`${key.replace(/mrc$/, "zarr")}/${document}`, { signal })) return 0;
  if (!(await target.stat(key, { signal }))) return 0;
  return (await scanLabels(target, key, { compat: false, signal })).length;
}

/** Entries of the list that a caption document has under a name. */
async function countMembers(target: Store, key: string, member: string, signal: AbortSignal): Promise<number> {
  const bytes = await target.read(key, undefined, { signal });
  if (!bytes) return 0;
  const name = objectName(target, key);
  const document = parseCaptions(bytes, name);
  return isJsonObject(document) ? jsonList(document[member]).length : 0;
}

function parseCaptions(bytes: Uint8Array, name: string): Json {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new EmporiumError("FORMAT_FIELD", `${name}: captions are to be a JSON document: ${(error as Error).message}`, {
      place: { file: name },
      cause: error,
    });
  }
}
