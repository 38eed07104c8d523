import type { Maximum } from "../../../../arrays/operators/reductions/maxima.js";
import type { LabelPoint } from "../../../../arrays/operators/reductions/points.js";
import { EmporiumError } from "../../../../core/errors.js";
import { type JsonObject, printJson } from "../../../../core/json.js";
import { encodePoints } from "../../../../formats/points/ndjson.js";

/** Formats of results. */
export const RESULT_FORMATS = ["json", "csv", "ndjson", "files", "precomputed-mesh"] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

/** Results that are folders: something in them is written last. */
export const LAST_OF_FOLDER: Partial<Record<ResultFormat, string>> = { files: "manifest.json", "precomputed-mesh": "info" };

/** Formats in which an operator's results can be written, the usual one first. */
export function formatsOf(operator: string): readonly ResultFormat[] {
  if (operator === "save") return ["files"];
  if (operator === "meshes") return ["precomputed-mesh"];
  return operator === "points" || operator === "maxima" ? ["json", "csv", "ndjson"] : ["json"];
}

/** Bytes of a result as people asked for it, and their media type. @throws {EmporiumError} METADATA_VALUE */
export function printResult(result: JsonObject, format: ResultFormat): { bytes: Uint8Array; contentType: string } {
  if (format === "json")
    return { bytes: new TextEncoder().encode(`${printJson(result, { indent: 2 })}\n`), contentType: "application/json" };
  if ("maxima" in result) return printMaxima(result.maxima as readonly Maximum[], format);
  const points = result.points as readonly LabelPoint[];
  if (format === "csv") return { bytes: new TextEncoder().encode(tableOf(points)), contentType: "text/csv" };
  return { bytes: linesOf(points), contentType: "application/x-ndjson" };
}

/** The columns that `csv_with_header` of ingest reads come first: x, y, z in voxels. */
function tableOf(points: readonly LabelPoint[]): string {
  const hasNm = points.some(({ centroidNm }) => centroidNm !== null);
  const nm = hasNm ? ["x_nm", "y_nm", "z_nm"] : [];
  const header = ["x", "y", "z", "label", "voxels", ...nm, "x_min", "y_min", "z_min", "x_max", "y_max", "z_max"];
  const rows = points.map(({ label, voxels, centroid, centroidNm, box }) => {
    const last = box.stop.map((end) => end - 1);
    return [...xyz(centroid), label, voxels, ...(centroidNm ? xyz(centroidNm) : []), ...xyz(box.start), ...xyz(last)];
  });
  return [header, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/** Positions in voxels; the portal's point files have no values. */
function printMaxima(maxima: readonly Maximum[], format: ResultFormat): { bytes: Uint8Array; contentType: string } {
  if (format === "csv") {
    const hasNm = maxima.some(({ positionNm }) => positionNm !== null);
    const rows = maxima.map(({ position, positionNm, value }) => [
      ...xyz(position),
      value,
      ...(positionNm ? xyz(positionNm) : []),
    ]);
    const lines = [["x", "y", "z", "value", ...(hasNm ? ["x_nm", "y_nm", "z_nm"] : [])], ...rows].map(
      (row) => `${row.join(",")}\n`,
    );
    return { bytes: new TextEncoder().encode(lines.join("")), contentType: "text/csv" };
  }
  const positions = Float64Array.from(maxima.flatMap(({ position }) => xyz(position)));
  return { bytes: encodePoints("point", { count: maxima.length, positions }), contentType: "application/x-ndjson" };
}

const xyz = (place: readonly number[]) => place.toReversed();

/** Lines of the portal's point files: an instance a label. */
function linesOf(points: readonly LabelPoint[]): Uint8Array {
  const instanceIds = Float64Array.from(points, ({ label }) => Number(label));
  const large = points.find((_, at) => !Number.isSafeInteger(instanceIds[at]));
  if (large)
    throw new EmporiumError(
      "METADATA_VALUE",
      `label ${large.label} is too large for an instance id of a point file; 2^53 is the most`,
      {
        hint: "write format: csv, or number the labels with components",
      },
    );
  const positions = Float64Array.from(points.flatMap(({ centroid }) => xyz(centroid)));
  return encodePoints("instancePoint", { count: points.length, positions, instanceIds });
}
