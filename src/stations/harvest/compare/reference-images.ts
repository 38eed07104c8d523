import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { Float, floatRepr, toNumber } from "../../../core/number.js";
import { plainText } from "../../../core/plain-text.js";
import { at } from "../../../portals/fields.js";
import { referenceForm } from "../records/reference-form.js";
import type { Dataset } from "./datasets.js";
import { listText, type Table, textCell } from "./table.js";

/** The reference program's columns, in its order. */
const FIELDS = {
  dtype: "type of the voxels",
  unit: "unit of each axis",
  voxel_size: "of each axis, in its unit",
  channels: "samples of one voxel",
  shape: "voxels along each axis, as the reference has it",
  offset: "position of the first voxel",
  axes: "names of the axes, as the reference has them",
} as const;

/** Rows that the reference has, in its order; others follow as they were given. */
const ROW_ORDER: readonly string[] = ["epfl", "idr", "empiar", "openorganelle", "hemibrain"];

/** The first table as the reference program prints it, its errors included. */
export function referenceImages(datasets: readonly Dataset[]): Table {
  const place = ({ name }: Dataset) => {
    const at = ROW_ORDER.indexOf(name);
    return at < 0 ? ROW_ORDER.length : at;
  };
  const described = datasets.filter(({ record }) => record !== undefined).toSorted((a, b) => place(a) - place(b));
  return {
    title: "Images",
    columns: [{ key: "dataset", says: "name of the record" }, ...Object.entries(FIELDS).map(([key, says]) => ({ key, says }))],
    rows: described.map(({ name, record, reference }) => {
      const values: JsonObject = reference ?? referenceForm(record!);
      return [
        textCell(plainText(name)),
        ...Object.keys(FIELDS).map((field) => textCell(cellText(values[field], isFloats(field, values)))),
      ];
    }),
  };
}

/** JavaScript's JSON lacks the point of `8.0`, so the column decides what floats are. Precomputed offsets are voxels. */
function isFloats(field: string, values: JsonObject): boolean {
  return field === "voxel_size" || (field === "offset" && at(values.raw_metadata, "driver") !== "neuroglancer_precomputed");
}

function cellText(value: Json | undefined, floats: boolean): string {
  if (value === undefined) return "NaN";
  if (value === null) return "None";
  const number = toNumber(value);
  if (number !== undefined) return floats ? floatRepr(number) : integerText(value, number);
  // ImageJ's escape for the micro sign, which the reference's file has literally
  if (typeof value === "string") return plainText(value.replaceAll(/\\u00b5/gi, "\u00b5"));
  if (Array.isArray(value)) return listText((value as Json[]).map((item) => cellText(item, floats)));
  return plainText(printJson(value, { indent: 0 }));
}

function integerText(value: Json, number: number): string {
  if (typeof value === "bigint") return String(value);
  if (Number.isInteger(number)) return BigInt(number).toString();
  return value instanceof Float ? value.toString() : floatRepr(number);
}
