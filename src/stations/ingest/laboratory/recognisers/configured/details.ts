import type { JsonObject } from "../../../../../core/json.js";
import { jsonText } from "../../../../../core/json-fields.js";
import { POINT_READERS } from "../../../../../formats/points/readers.js";
import { ENUMS } from "../../../../../model/enums.js";
import type { Details, PointsReading, Role } from "../../claims.js";

const oneOf = <T extends string>(words: readonly T[], value: unknown): T | undefined => words.find((word) => word === value);
const number = (value: unknown): number | undefined =>
  Number.isFinite(Number(value)) && Number(value) > 0 ? Number(value) : undefined;

function known(details: Details): Details | undefined {
  const some = Object.entries(details).filter(([, value]) => value !== undefined);
  return some.length === 0 ? undefined : Object.fromEntries(some);
}

/** What the recogniser calls what it reads, as in `recognised: …`. */
export const EARLIER_CONFIGURATION = "an earlier ingestion configuration";

/** What the metadata of a block say of its files; values with templates say nothing. */
export function detailsOf(role: Role, metadata: JsonObject | undefined): Details | undefined {
  if (!metadata) return undefined;
  if (role === "tilt series") return known({ spacingAngstrom: number(metadata.pixel_spacing) });
  if (role === "ctf") return known({ format: jsonText(metadata.format) });
  if (role === "alignment")
    return known({
      format: jsonText(metadata.format),
      methodType: oneOf(ENUMS.alignment_method_type, metadata.method_type),
      alignmentType: oneOf(ENUMS.alignment_type, metadata.alignment_type),
    });
  if (role !== "tomogram") return undefined;
  const fiducial = jsonText(metadata.fiducial_alignment_status);
  return known({
    spacingAngstrom: number(metadata.voxel_spacing),
    processing: oneOf(ENUMS.tomogram_processing, metadata.processing),
    processingSoftware: plain(metadata.processing_software),
    reconstructionSoftware: plain(metadata.reconstruction_software),
    reconstructionMethod: oneOf(ENUMS.tomogram_reconstruction_method, metadata.reconstruction_method),
    ctfCorrected: typeof metadata.ctf_corrected === "boolean" ? metadata.ctf_corrected : undefined,
    fiducial: fiducial === "FIDUCIAL" ? true : fiducial === "NON_FIDUCIAL" ? false : undefined,
  });
}

/** Below this two sizes may be the same one, measured more or less exactly. */
const ROUNDED_PART = 0.01;

/** What a configuration says of a volume, without a size that is that of its header in fewer digits: people type 13 for 13.1. */
export function withoutRounded(details: Details | undefined, headerAngstrom: number | undefined): Details | undefined {
  const told = details?.spacingAngstrom;
  if (details === undefined || told === undefined || headerAngstrom === undefined) return details;
  const [, digits = ""] = `${told}`.split(".");
  const isRounded =
    Math.abs(told / headerAngstrom - 1) < ROUNDED_PART &&
    Number(headerAngstrom.toFixed(digits.length)) === told &&
    Number(headerAngstrom.toFixed(3)) !== told;
  const { spacingAngstrom, ...rest } = details;
  return isRounded ? known(rest) : details;
}

function plain(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && !value.includes("{") ? value : undefined;
}

/** Role and reading of an annotation's file by its shape. */
export function shapeDetails(shape: string, entry: JsonObject): { role: Role; details: Details } | undefined {
  const format = jsonText(entry.file_format);
  if (shape === "Point" || shape === "OrientedPoint" || shape === "InstanceSegmentation") {
    if (format === undefined || !Object.hasOwn(POINT_READERS, format)) return undefined;
    const delimiter = jsonText(entry.delimiter);
    const binning = number(entry.binning);
    const points: PointsReading = {
      format,
      shape,
      ...(delimiter !== undefined && { delimiter }),
      ...(binning === 1 && { unit: "voxels" as const }),
    };
    return { role: "points", details: { points } };
  }
  if (shape === "InstanceSegmentationMask") return { role: "mask", details: { isInstances: true } };
  if (shape === "SegmentationMask" || shape === "SemanticSegmentationMask")
    return { role: "mask", details: { label: Number.isInteger(entry.mask_label) ? Number(entry.mask_label) : 1 } };
  if (shape === "TriangularMesh" || shape === "TriangularMeshGroup") return { role: "mesh", details: {} };
  return undefined;
}
