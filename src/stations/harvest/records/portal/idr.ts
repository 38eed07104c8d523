import type { JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { nanometresPer } from "../../../../formats/peek/facts.js";
import { at, numberOf, objectsOf, textOf } from "../../../../portals/fields.js";
import type { Length } from "../quantities.js";
import { byAxis, type FactsReader, type PortalFacts, type SpaceAxis } from "./facts.js";

export const idrReader: FactsReader = {
  entryOf: (raw) => (jsonObject(raw.imgData) ? raw : undefined),
  read: idrFacts,
};

/** OMERO's data of an image: sizes in micrometres, and with a unit if the API gives one. */
function idrFacts(raw: JsonObject): PortalFacts {
  const data = raw.imgData;
  const micrometres = (axis: SpaceAxis): Length | undefined => {
    const exact = at(raw, "image", "Pixels", `PhysicalSize${axis.toUpperCase()}`);
    const unit = textOf(at(exact, "Symbol")) ?? OMERO_UNITS[textOf(at(exact, "Unit")) ?? ""];
    const [own, simple] = [numberOf(at(exact, "Value")), numberOf(at(data, "pixel_size", axis))];
    if (own !== undefined && unit !== undefined && nanometresPer(unit) !== undefined) return { value: own, unit };
    return simple === undefined || simple <= 0 ? undefined : { value: simple, unit: "µm" };
  };
  const window = at(objectsOf(at(data, "channels"))[0], "window");
  const [min, max] = [numberOf(at(window, "start")), numberOf(at(window, "end"))];
  const type = textOf(at(data, "meta", "pixelsType")) ?? "";
  const [x, y, z] = ["width", "height", "z"].map((key) => numberOf(at(data, "size", key)));
  return {
    voxelSize: byAxis(micrometres),
    lengths: byAxis((axis) => ({ x, y, z })[axis]),
    dtype: OMERO_TYPES[type] ?? (type || undefined),
    channels: numberOf(at(data, "size", "c")),
    contrast: min !== undefined && max !== undefined && min < max ? { min, max } : undefined,
    text: textOf(at(data, "meta", "imageDescription")),
  };
}

const OMERO_UNITS: Readonly<Record<string, string>> = {
  ANGSTROM: "Å",
  NANOMETER: "nm",
  MICROMETER: "µm",
  MILLIMETER: "mm",
  CENTIMETER: "cm",
  METER: "m",
  PICOMETER: "pm",
};

/** numpy's names of pixel types, where OMERO's differ. */
const OMERO_TYPES: Readonly<Record<string, string>> = { float: "float32", double: "float64", bit: "bool" };
