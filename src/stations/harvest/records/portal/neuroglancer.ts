import type { Json, JsonObject } from "../../../../core/json.js";
import { at, numberOf, textOf } from "../../../../portals/fields.js";
import type { Length } from "../quantities.js";
import { byAxis, type FactsReader, type PortalFacts, type SpaceAxis } from "./facts.js";

export const neuroglancerReader: FactsReader = {
  entryOf: (raw) => (Array.isArray(raw.layers) && raw.dimensions !== undefined ? raw : undefined),
  read: viewerFacts,
};

/** The viewer's space for its layers: a good guess if a volume itself has no sizes. */
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
