import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { asObject, isArray, wrongField } from "./json.js";
import {
  meansOf,
  type OmeReadOptions,
  type OmeZarrFields,
  type OmeZarrImage,
  omeZarrAttributes,
  parseMultiscale,
  parseOmeZarr,
} from "./ome.js";
import { omeVersion, otherVersion } from "./ome-version.js";

export interface OmeZarr05Fields extends OmeZarrFields {
  /**
   * Method by which each level is made from the one before: `type` and `metadata` of the image. Default: block means; none for
   * `labels`.
   */
  downscaling?: { type: string; metadata: JsonObject } | undefined;
}

/**
 * The attributes of an OME-Zarr 0.5 image, for `zarrV3GroupMetadata`: those of 0.4 below `ome`, where one version counts for all.
 * Voxel sizes are rounded and doubled as in 0.4.
 *
 * Unlike there, `type` and `metadata` say how levels come about (the specification asks for it, the portal's 0.4 has neither),
 * and the labels of an instance mask are in `image-label` beside the image, where the specification has it, not in its
 * `metadata`.
 */
export function omeZarr05Attributes(fields: OmeZarr05Fields): JsonObject {
  const { labels } = fields;
  const attributes = omeZarrAttributes({ ...fields, labels: undefined, roundedMeans: false });
  const [image] = attributes.multiscales as readonly JsonObject[];
  const { type, metadata } = fields.downscaling ?? (labels ? {} : meansOf(fields));
  const colors = labels && labelColors(labels);
  return {
    ome: {
      version: "0.5",
      multiscales: [{ name: image!.name, axes: image!.axes, datasets: image!.datasets, type, metadata }],
      "image-label": colors && (colors.length > 0 ? { colors } : {}), // a list of colours may not be empty
    },
  };
}

/** Attributes of the group `labels` that holds label images, by their names. */
export function omeZarr05Labels(names: readonly string[]): JsonObject {
  return { ome: { version: "0.5", labels: names } };
}

function labelColors(labels: readonly number[]): JsonObject[] {
  const present = [...new Set(labels)].filter((label) => label > 0).sort((a, b) => a - b);
  return present.map((label) => ({ "label-value": label }));
}

/**
 * The first image of a group's attributes, OME-Zarr 0.1 to 0.6: `.zattrs`, or `attributes` of a `zarr.json`.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN (no image; the hint tells where to look), FORMAT_UNSUPPORTED (0.7 and later),
 *   FORMAT_FIELD.
 */
export function parseOmeImage(attributes: JsonObject, name = "zarr.json", options: OmeReadOptions = {}): OmeZarrImage {
  const ome = member(attributes, "ome");
  if (!isJsonObject(ome)) return parseOmeZarr(attributes, name, options);
  const version = member(ome, "version");
  if (typeof version !== "string") throw wrongField(name, "ome.version", version, "0.5");
  const known = omeVersion(version, "wrapped");
  if (!known) throw otherVersion(version, name, "ome.version");
  const multiscales = member(ome, "multiscales");
  if (multiscales === undefined) throw noImage(ome, name);
  if (!isArray(multiscales) || multiscales.length === 0) throw oneImage(multiscales, name);
  const image = asObject(multiscales[0], name, "ome.multiscales.0");
  return {
    ...parseMultiscale(image, { version, ...known }, name, "ome.multiscales.0", options),
    images: multiscales.length,
  };
}

function oneImage(found: Json, name: string): EmporiumError {
  return wrongField(name, "ome.multiscales", found, "a list of one image or more");
}

function noImage(ome: JsonObject, name: string): EmporiumError {
  const hint = Object.hasOwn(ome, "bioformats2raw.layout")
    ? "open one of the images in the sub-groups 0, 1, 2 of this group"
    : Object.hasOwn(ome, "plate") || Object.hasOwn(ome, "well")
      ? "open one of the fields of this plate or well"
      : Object.hasOwn(ome, "labels")
        ? "open one of the label images that labels lists"
        : "open the group whose attributes have multiscales, or an array directly";
  return new EmporiumError("FORMAT_UNKNOWN", `${name}: no multiscales; expected an OME-Zarr image`, {
    place: { file: name, path: "ome.multiscales" },
    hint,
  });
}
