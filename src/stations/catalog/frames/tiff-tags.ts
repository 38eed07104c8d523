import type { Json, JsonObject } from "../../../core/json.js";
import { LIMITS } from "../../../core/limits.js";
import type { Directory, TagValue } from "../../../formats/tiff/directory.js";
import { parseImageJMetadata } from "../../../formats/tiff/image-j.js";
import { TAG, tagName, tagNumber } from "../../../formats/tiff/tags.js";
import { parseLooseJson, storable, storableText } from "./loose-json.js";

/** The most values of a tag that is kept. A colour table of 16 bits has 196,608. */
const VALUES_MAX = 16_384;
const TEXT_MAX = 16 * 1024 * 1024;

/** The number of a tag that a schema names; undefined for a name that no tag has. */
export function namedTag(name: string): number | undefined {
  return tagNumber(name) ?? (/^\d{1,5}$/.test(name) ? Number(name) : undefined);
}

/** All readable tags of a directory as JSON, by name. */
export async function tagsAsJson(directory: Directory, leaveOut: readonly string[] = []): Promise<JsonObject> {
  const result: Record<string, Json> = {};
  for (const number of directory.tags) {
    const name = tagName(number) ?? String(number);
    if (leaveOut.includes(name)) continue;
    const value = await tagAsJson(directory, number);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** One tag: text, a number, a list, a pair for a fraction; MicroManager's and ImageJ's decoded. Undefined if absent or long. */
export async function tagAsJson(directory: Directory, number: number): Promise<Json | undefined> {
  if (number === TAG.IJMetadata) return imageJMetadata(directory);
  if (number === TAG.MicroManagerMetadata) return microManagerMetadata(directory);
  if (directory.count(number) > VALUES_MAX && (await isText(directory, number)) === false) return undefined;
  const value = await directory.value(number, TEXT_MAX);
  return value === undefined ? undefined : valueAsJson(value);
}

/** Tag 51123: MicroManager's JSON of each frame. */
async function microManagerMetadata(directory: Directory): Promise<Json | undefined> {
  const text = await directory.text(TAG.MicroManagerMetadata, TEXT_MAX);
  return text === "" ? undefined : parseLooseJson(text);
}

/** Tags 50838 and 50839, with tifffile's names. `Info` is text even if it is JSON, as in the catalogues of imagingDB. */
export async function imageJMetadata(directory: Directory): Promise<JsonObject | undefined> {
  const counts = await directory.numbers(TAG.IJMetadataByteCounts, VALUES_MAX);
  const bytes = counts && (await directory.bytesOf(TAG.IJMetadata, LIMITS.headerBytes));
  if (!counts || !bytes) return undefined;
  const { info, labels, ranges } = parseImageJMetadata(counts, bytes, directory.layout.littleEndian);
  const result: Record<string, Json> = {};
  if (info !== undefined) result.Info = storableText(info);
  if (labels !== undefined) result.Labels = labels.map(storableText);
  if (ranges !== undefined) result.Ranges = storable(ranges);
  return result;
}

/** A directory does not tell a tag's type, but text comes as text. */
async function isText(directory: Directory, number: number): Promise<boolean> {
  return typeof (await directory.value(number, 1)) === "string";
}

function valueAsJson(value: TagValue): Json {
  if (typeof value === "string") return storableText(value);
  if (value.length === 1 && Array.isArray(value[0])) return value[0];
  return storable(value.length === 1 ? (value[0] as number) : (value as Json));
}
