import type { JsonObject } from "../../../../../core/json.js";
import { parseJson } from "../../../../../core/json.js";
import { jsonObject } from "../../../../../core/json-fields.js";
import type { Laboratory } from "../../survey/laboratory.js";

/** The object that a document is; undefined for what is no JSON, no object, or too large. */
export async function jsonOf(laboratory: Laboratory, path: string, bytesMax?: number): Promise<JsonObject | undefined> {
  const text = await laboratory.text(path, bytesMax);
  if (text === undefined) return undefined;
  try {
    return jsonObject(parseJson(text));
  } catch {
    return undefined;
  }
}
