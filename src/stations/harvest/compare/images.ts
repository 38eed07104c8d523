import { float32Repr, floatRepr } from "../../../core/number.js";
import { plainText } from "../../../core/plain-text.js";
import { unitSymbol } from "../../../formats/peek/facts.js";
import type { NormalisedRecord } from "../records/record.js";
import { scaleOf } from "./scale.js";
import { type Cell, type Column, listText, type Mark, numberCell, type Table, textCell } from "./table.js";

/** The reference's columns first, with its names and in its order, then further ones. */
const COLUMNS: readonly Column[] = [
  { key: "dataset", says: "name of the record" },
  { key: "dtype", says: "type of the voxels" },
  { key: "unit", says: "unit of each axis, as its source has it", label: "unit of the source" },
  { key: "voxel_size", says: "of each axis, in that unit", label: "voxel size, as its source has it" },
  { key: "channels", says: "samples of one voxel" },
  { key: "shape", says: "voxels along each axis, slowest first" },
  { key: "offset", says: "position of the first voxel" },
  { key: "axes", says: "names of the axes, slowest first" },
  { key: "voxel_size_nm", says: "edge of a voxel along each axis", label: "voxel, nm" },
  { key: "extent_um", says: "length of the image along each axis", label: "field of view, µm" },
  { key: "contrast", says: "grey values shown as black and white" },
  { key: "format", says: "format of the file" },
];

/** The record's field of a column, if its name differs. */
const FIELD_OF: Readonly<Record<string, string>> = { voxel_size_nm: "voxel_size", extent_um: "voxel_size" };

export interface Described {
  record: NormalisedRecord;
  /** Indices of the disagreements about a field of this record. */
  conflictsOf(field: string): readonly number[];
}

/** The first table, with correct values: a row for each record. */
export function imagesTable(described: readonly Described[]): Table {
  return {
    title: "Images",
    columns: COLUMNS,
    rows: described.map(({ record, conflictsOf }) => {
      const cells = cellsOf(record);
      return COLUMNS.map(({ key }) => {
        const cell = cells[key]!;
        const field = FIELD_OF[key] ?? key;
        const conflicts = conflictsOf(field);
        return marked(cell, marksOf(record, field), conflicts);
      });
    }),
  };
}

function cellsOf(record: NormalisedRecord): Record<string, Cell> {
  const { name, dtype, unit, voxel_size, channels, shape, offset, axes, contrast, format } = record;
  const { voxelNanometres, extentNanometres } = scaleOf(record);
  const floats = (values: readonly (number | null)[]) => listCell(values, (value: number) => numberText(value, format));
  const rounded = (value: number) => floatRepr(Number(value.toPrecision(6)));
  return {
    dataset: textCell(plainText(name)),
    dtype: textCell(dtype === null ? null : plainText(dtype)),
    unit: listCell(unit, (one) => plainText(unitSymbol(one))),
    voxel_size: floats(voxel_size),
    channels: numberCell(channels),
    shape: listCell(shape, String),
    offset: format === "precomputed" ? listCell(offset, String) : floats(offset),
    axes: listCell(axes, plainText),
    voxel_size_nm: listCell(voxelNanometres, rounded),
    extent_um: listCell(
      extentNanometres.map((length) => (length === null ? null : length / 1000)),
      rounded,
    ),
    contrast: contrast === null ? textCell(null) : floats([contrast.min, contrast.max]),
    format: textCell(plainText(format)),
  };
}

/** MRC's sizes are quotients of 32-bit floats. Other values that are 32-bit floats are shown as such. */
function numberText(value: number, format: string): string {
  return format === "mrc" || Math.fround(value) === value ? float32Repr(value) : floatRepr(value);
}

/** A list without a known value becomes an empty cell. */
function listCell<T extends string | number>(values: readonly (T | null)[], item: (value: T) => string): Cell {
  if (values.every((value) => value === null)) return textCell(null, { value: values.length === 0 ? null : values });
  return textCell(listText(values.map((value) => (value === null ? "null" : item(value)))), { value: values });
}

/** Marks of values, or of axes, that are not from the file. */
export function marksOf({ sources, axes }: NormalisedRecord, field: string): Mark[] {
  const mark = (key: string, axis?: string): Mark[] => {
    const source = Object.hasOwn(sources, key) ? sources[key] : undefined;
    return source === "web" || source === "derived" ? [{ source, axis }] : [];
  };
  return [...mark(field), ...axes.flatMap((axis) => mark(`${field}.${axis}`, axis))];
}

/** An absent value has no source, but it may be disputed. */
export function marked(cell: Cell, marks: readonly Mark[], conflicts: readonly number[]): Cell {
  return {
    ...cell,
    ...(cell.text !== null && marks.length > 0 ? { marks } : {}),
    ...(conflicts.length > 0 ? { conflicts } : {}),
  };
}
