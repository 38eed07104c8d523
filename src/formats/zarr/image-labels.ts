import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { isArray } from "./json.js";

/**
 * Labels that the attributes of an instance mask list, ascending: beside the image in OME-Zarr 0.5, in the image's `metadata` in
 * 0.4 as the portal has it. Undefined where nothing is said of labels; what is no label is skipped.
 *
 * @param attributes `.zattrs`, or `attributes` of a `zarr.json`.
 */
export function imageLabels(attributes: JsonObject): number[] | undefined {
  const ome = member(attributes, "ome");
  const label = isJsonObject(ome) ? member(ome, "image-label") : oldImageLabel(attributes);
  if (!isJsonObject(label)) return undefined;
  const colors = member(label, "colors");
  const listed = (isArray(colors) ? colors : []).map((color) => toNumber(member(objectOf(color), "label-value")));
  return [...new Set(listed.filter(isLabel))].sort((a, b) => a - b);
}

function oldImageLabel(attributes: JsonObject): Json | undefined {
  const multiscales = member(attributes, "multiscales");
  const image = isArray(multiscales) ? multiscales[0] : undefined;
  return member(objectOf(member(objectOf(image), "metadata")), "image-label");
}

function isLabel(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
