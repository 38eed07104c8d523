import type { JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { at, numberOf, objectsOf, textOf } from "../../../../portals/fields.js";
import { byAxis, type FactsReader, type PortalFacts } from "./facts.js";

export const cryoetReader: FactsReader = {
  entryOf: (raw) => (raw.runs !== undefined || raw.datasets !== undefined ? raw : undefined),
  read: cryoetFacts,
};

/** The tomogram whose file or folder the location is; the only one of the run as a guess: a tilt series is none. */
function cryoetFacts(raw: JsonObject, location: string): PortalFacts {
  const nodes = objectsOf(raw.runs).flatMap((run) =>
    objectsOf(at(run, "tomograms", "edges")).map((edge) => jsonObject(edge.node) ?? {}),
  );
  const bare = location.replace(/\/+$/, "");
  const holds = (node: JsonObject) =>
    ["s3MrcFile", "httpsMrcFile", "s3OmezarrDir", "httpsOmezarrDir"].some((key) => {
      const path = textOf(node[key])?.replace(/\/+$/, "").split("/").slice(3).join("/");
      return path !== undefined && path !== "" && bare.endsWith(path);
    });
  const known = nodes.find(holds);
  const node = known ?? (nodes.length === 1 ? nodes[0] : undefined);
  if (!node) return {};
  const spacing = numberOf(node.voxelSpacing);
  const size = { x: numberOf(node.sizeX), y: numberOf(node.sizeY), z: numberOf(node.sizeZ) };
  return {
    voxelSize: spacing === undefined || spacing <= 0 ? undefined : byAxis(() => ({ value: spacing, unit: "Å" })),
    lengths: byAxis((axis) => size[axis]),
    guessedOf: known ? undefined : "the only tomogram of the run",
  };
}
