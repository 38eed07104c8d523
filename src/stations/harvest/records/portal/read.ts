import type { Json, JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { at, numberOf, textOf } from "../../../../portals/fields.js";
import type { ReadRecord } from "../../../../portals/web-metadata.js";
import type { Length } from "../quantities.js";
import { bioimageFacts } from "./bioimage-archive.js";
import { cryoetFacts } from "./cryoet.js";
import { empiarFacts } from "./empiar.js";
import { byAxis, type PortalFacts, type SpaceAxis } from "./facts.js";
import { idrFacts } from "./idr.js";
import { openorganelleFacts } from "./openorganelle.js";

/**
 * The facts of a web record that concern one image. Whose record it is, its metadata tell: the reference program's documents name no
 * portal.
 *
 * @param location of the image, by which an entry with several sets or volumes is asked for the right one.
 */
export function portalFacts(
  { raw_metadata: raw, record }: Pick<ReadRecord, "raw_metadata" | "record">,
  location = "",
): PortalFacts {
  if (jsonObject(raw.imgData)) return idrFacts(raw);
  const entry = Object.entries(raw).find(([key, value]) => /^EMPIAR-\d+$/.test(key) && jsonObject(value))?.[1];
  if (entry !== undefined) return empiarFacts(jsonObject(entry)!, location);
  if (jsonObject(at(raw, "entry", "admin"))) return empiarFacts(jsonObject(raw.entry)!, location);
  if (jsonObject(raw["Acquisition details"]) || jsonObject(raw["FIB-SEM parameters"]) || jsonObject(raw.sources)) {
    return openorganelleFacts(raw, location);
  }
  if (raw.runs !== undefined || raw.datasets !== undefined) return cryoetFacts(raw, location);
  if (jsonObject(raw.submission)) return bioimageFacts(jsonObject(raw.submission)!);
  if (Array.isArray(raw.layers) && raw.dimensions !== undefined) return viewerFacts(raw);
  const description = textOf(raw.dataset_description) ?? textOf(record.dataset_description);
  return description === undefined ? {} : { text: description };
}

/** The space that a viewer was told to show its layers in: a good guess where a volume itself says nothing. */
function viewerFacts(raw: JsonObject): PortalFacts {
  const length = (axis: SpaceAxis): Length | undefined => {
    const pair = at(raw.dimensions, axis);
    const [value, unit] = Array.isArray(pair) ? [numberOf(pair[0] as Json), textOf(pair[1] as Json)] : [];
    return value !== undefined && value > 0 && unit === "m"
      ? { value: Number((value * 1e9).toPrecision(12)), unit: "nm" }
      : undefined;
  };
  return { voxelSize: byAxis(length), onlyFills: true };
}
