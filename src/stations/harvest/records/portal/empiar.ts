import type { JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { dataFolder } from "../../../../portals/empiar-folder.js";
import { at, numberOf, objectsOf, textOf } from "../../../../portals/fields.js";
import type { Length } from "../quantities.js";
import { byAxis, type FactsReader, type PortalFacts, type SpaceAxis } from "./facts.js";

/** numpy's types for EMPIAR's words (the list of its schema). */
const DTYPES: Readonly<Record<string, string>> = {
  "UNSIGNED BYTE": "uint8",
  "SIGNED BYTE": "int8",
  "UNSIGNED 16 BIT INTEGER": "uint16",
  "SIGNED 16 BIT INTEGER": "int16",
  "UNSIGNED 32 BIT INTEGER": "uint32",
  "SIGNED 32 BIT INTEGER": "int32",
  "32 BIT FLOAT": "float32",
};

/** Either form: the API's object has the accession, the XML file an administrative part. */
export const empiarReader: FactsReader = {
  entryOf(raw) {
    const ofInterface = Object.entries(raw).find(([key, value]) => /^EMPIAR-\d+$/.test(key) && jsonObject(value))?.[1];
    if (ofInterface !== undefined) return jsonObject(ofInterface);
    return jsonObject(at(raw, "entry", "admin")) ? jsonObject(raw.entry) : undefined;
  },
  read: empiarFacts,
};

/**
 * An entry of EMPIAR, from its API or its XML: sizes in ångström, numbers of images, and a paragraph of prose for each image set.
 * If there are several sets, the facts are those of the set whose folder contains the location; if no folder does, none.
 */
function empiarFacts(entry: JsonObject, location: string): PortalFacts {
  const sets = [...objectsOf(entry.imagesets), ...objectsOf(entry.imageSet)];
  const set = setOf(sets, location);
  if (!set) return {};
  const dimensions = set.dimensions;
  const number = (flat: string, deep: string) =>
    numberOf(set[flat]) ?? numberOf(at(dimensions, deep, "#text")) ?? numberOf(at(dimensions, deep));
  const size = { x: number("pixel_width", "pixelWidth"), y: number("pixel_height", "pixelHeight"), z: undefined };
  const pixels = { x: number("image_width", "imageWidth"), y: number("image_height", "imageHeight"), z: undefined };
  const length = (axis: SpaceAxis): Length | undefined => {
    const value = size[axis];
    return value === undefined || value <= 0 ? undefined : { value, unit: "Å" };
  };
  const images = numberOf(set.num_images_or_tilt_series) ?? numberOf(set.numImagesOrTiltSeries);
  const frames = numberOf(set.frames_per_image) ?? numberOf(set.framesPerImage) ?? 1;
  return {
    voxelSize: byAxis(length),
    lengths: byAxis((axis) => pixels[axis]),
    slices: images !== undefined && frames <= 1 ? images : undefined,
    dtype: DTYPES[(textOf(set.voxel_type) ?? textOf(set.voxelType) ?? "").toUpperCase()],
    text: textOf(set.details),
  };
}

function setOf(sets: readonly JsonObject[], location: string): JsonObject | undefined {
  if (sets.length <= 1) return sets[0];
  const path = `${decoded(location).replace(/\/+$/, "")}/`;
  let best: { set: JsonObject; length: number } | undefined;
  for (const set of sets) {
    const folder = dataFolder(textOf(set.directory) ?? "", "");
    const inside = path.includes(`/${folder}/`) && folder !== "data";
    if (inside && folder.length > (best?.length ?? 0)) best = { set, length: folder.length };
  }
  return best?.set;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
