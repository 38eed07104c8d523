import { isEmporiumError } from "../../../../core/errors.js";
import { axisColumns } from "../../../../formats/points/csv-by-name.js";
import { checkHeader, columnOrder, withoutHash } from "../../../../formats/points/csv-header.js";
import { isNapari } from "../../../../formats/points/napari.js";
import { readStar } from "../../../../formats/star/read.js";
import type { StarHeader } from "../../../../formats/star/table.js";
import { openObject, type Store } from "../../../../stores/store.js";
import type { PointsReading } from "../claims.js";
import { hasAngles } from "../recognisers/common/particles.js";
import { otherColumns } from "./columns.js";

const HEAD_BYTES = 64 * 1024;
const JSON_BYTES_MAX = 16 * 1024 * 1024;

/** Looks into a file of points; undefined for what is none, or of a format that is not read. */
export async function pointFileOf(
  store: Store,
  { path, size }: { readonly path: string; readonly size: number },
  signal: AbortSignal,
): Promise<PointsReading | undefined> {
  try {
    if (path.endsWith(".mod")) return { shape: "Point", format: "mod" };
    if (path.endsWith(".tloc")) return { shape: "Point", format: "tomotwin_tloc" };
    if (/\.(star|cbox)$/.test(path)) return await starFile(store, path, signal);
    if (path.endsWith(".json")) return size <= JSON_BYTES_MAX ? await jsonFile(store, path, signal) : undefined;
    const head = await store.read(path, { offset: 0, length: HEAD_BYTES }, { signal });
    const text = new TextDecoder().decode(head);
    return /\.(tbl|box)$/.test(path) ? blankSeparated(text) : tableFile(text, path);
  } catch (error) {
    if (isEmporiumError(error) && (error.code.startsWith("FORMAT_") || error.code === "USAGE")) return undefined;
    throw error;
  }
}

async function starFile(store: Store, path: string, signal: AbortSignal): Promise<PointsReading | undefined> {
  const tables: StarHeader[] = [];
  await readStar(await openObject(store, path, { signal }), (table) => {
    tables.push(table);
    return "skip";
  });
  const has = (...columns: string[]) => tables.some((table) => columns.every((column) => table.columns.includes(column)));
  if (tables.some(({ name }) => name === "stopgap_motivelist"))
    return { shape: "OrientedPoint", format: "stopgap_star", rowName: "tomo_num" };
  if (tables.some(({ name, columns }) => name === "cryolo" && columns.includes("CoordinateZ")))
    return { shape: "Point", format: "cryolo_cbox" };
  const shape = tables.some(({ columns }) => hasAngles(columns)) ? "OrientedPoint" : "Point";
  if (has("rlnCenteredCoordinateXAngst")) return { shape, format: "relion5_star", rowName: "rlnTomoName", unit: "format" };
  if (has("wrpCoordinateX1") || has("wrpCoordinateX"))
    return { shape, format: "warp_star", rowName: "wrpSourceName", unit: "format" };
  if (!has("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")) return undefined;
  if (has("rlnTomoName")) return { shape, format: "relion4_star", rowName: "rlnTomoName" };
  return { shape, format: "relion3_star", rowName: has("rlnMicrographName") ? "rlnMicrographName" : undefined };
}

async function jsonFile(store: Store, path: string, signal: AbortSignal): Promise<PointsReading | undefined> {
  const bytes = await store.read(path, undefined, { signal });
  const document = bytes && parsed(bytes);
  const { points, boxes_3d } = (document ?? {}) as { points?: unknown; boxes_3d?: unknown };
  if (Array.isArray(boxes_3d) && boxes_3d.length > 0) return { shape: "Point", format: "eman2_json" };
  if (!Array.isArray(points)) return undefined;
  const some = points as { instance_id?: unknown; transformation_?: unknown }[];
  const ids = new Set(some.map((point) => point?.instance_id ?? 0));
  const isTurned = some.some((point) => Array.isArray(point?.transformation_) && !isIdentity(point.transformation_));
  const shape = isTurned ? "OrientedPoint" : ids.size > 1 ? "InstanceSegmentation" : "Point";
  return { shape, format: "copick", unit: "Å" };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function isIdentity(rows: unknown[]): boolean {
  return rows.every((row, i) => Array.isArray(row) && row.every((value, j) => value === (i === j ? 1 : 0)));
}

/** A list of points by its text, as a table between commas, blanks and the like; undefined for what is none. */
export function tableOf(text: string, path: string): PointsReading | undefined {
  try {
    return tableFile(text, path);
  } catch (error) {
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return undefined;
    throw error;
  }
}

/** A table of Dynamo, or coordinates of EMAN2: numbers between blanks. */
function blankSeparated(text: string): PointsReading | undefined {
  // the last line may have been cut
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const rows = lines.slice(0, Math.max(1, lines.length - 1)).map((line) => line.trim().split(/\s+/));
  const [first = []] = rows;
  if (!first.every((cell) => cell === "NaN" || Number.isFinite(Number(cell)))) return undefined;
  if (first.length === 3) return { shape: "Point", format: "eman2_box" };
  if (first.length < 26) return undefined;
  const tomograms = new Set(rows.map((row) => row[19]));
  return { shape: "OrientedPoint", format: "dynamo_tbl", rowName: tomograms.size > 1 ? "the tomogram's number" : undefined };
}

const NUMBERED_MIN = 5;
/** The last row of the beginning that is read may have been cut. */
const ROWS_LOOKED_AT = 500;

/** Why a table that is read as no list of points is none, in words that say what to do; undefined where nothing more is known. */
export function tableFault(text: string): string | undefined {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const [first = ""] = lines;
  const delimiter = delimiterOf(first);
  const split = (line: string) => splitBy(line, delimiter);
  const isNumeric = split(first).every((cell) => cell.trim() !== "" && Number.isFinite(Number(cell)));
  return isNumeric ? otherColumns(lines.slice(0, ROWS_LOOKED_AT).map(split)) : undefined;
}

export const delimiterOf = (line: string): string => ["\t", ",", ";", "|"].find((sign) => line.split(sign).length >= 3) ?? " ";
const splitBy = (line: string, delimiter: string): string[] =>
  delimiter === " " ? line.trim().split(/\s+/) : line.split(delimiter);

/** Whether the first of four and more numbers counts the lines. The last line may have been cut. */
function isNumbered(rows: readonly (readonly string[])[]): boolean {
  const begin = Number(rows[0]![0]);
  const isNext = (row: readonly string[], at: number) =>
    Number(row[0]) === begin + at && row.length >= 4 && Number.isFinite(Number(row[3]));
  return rows.length > NUMBERED_MIN && rows.slice(0, -1).every(isNext);
}

/** Whether a comment says what the columns are, and they are no coordinates: `# Columns: #1 - micrograph number; #2 - defocus 1`, as CTFFIND writes. */
function isOfOtherColumns(comment: string, width: number | undefined): boolean {
  const parts = comment.split(";");
  return (/^\s*#\s*columns\b/i.test(comment) || parts.length === width) && columnOrder(parts) === undefined;
}

/** Three numbers a line, possibly after a line of words. Tables of runs and of objects are something else. */
function tableFile(text: string, name: string): PointsReading | undefined {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const [first = "", second] = lines;
  if (/(^|[,\t])\s*(run_name|object_id)\b/i.test(first)) return undefined;
  // the words of a comment have commas of their own
  const delimiter = delimiterOf(/^\s*#/.test(first) && second !== undefined ? second : first);
  const split = (line: string) => splitBy(line, delimiter);
  const width = second === undefined ? undefined : split(second).length;
  if (/^\s*#/.test(first) && isOfOtherColumns(first, width)) return undefined;
  const names = withoutHash(split(first), width);
  if (names.length < 3 && !(/^\s*#/.test(first) && width !== undefined && width >= 3)) return undefined;
  const isNumbers = (line: string | undefined) =>
    line !== undefined &&
    split(line)
      .slice(0, 3)
      .every((cell) => cell.trim() !== "" && Number.isFinite(Number(cell)));
  const cells = names.map((cell) => cell.trim().toLowerCase());
  if (delimiter === "," && isNapari(cells)) return { shape: "Point", format: "napari" };
  if (cells.length === 4 && cells[0] === "ids") return { shape: "InstanceSegmentation", format: "tardis" };
  const separated = delimiter === "," ? {} : { delimiter };
  // an index before the coordinates would be taken for x
  if (isNumbers(first) && isNumbered(lines.map(split))) return undefined;
  if (isNumbers(first) && otherColumns(lines.slice(0, ROWS_LOOKED_AT).map(split)) !== undefined) return undefined;
  if (isNumbers(first)) return { shape: "Point", format: "csv", ...separated };
  if (!isNumbers(second)) return undefined;
  const isReversed = columnOrder(names) === "zyx";
  checkHeader(name, names, { first: 0, format: "csv_with_header", order: isReversed ? "zyx" : "xyz" });
  return {
    shape: "Point",
    format: "csv_with_header",
    ...separated,
    ...unitOf(names),
    ...(isReversed && { isReversed }),
  };
}

/** Lines that begin with `#`, up to the first other one. */
const COMMENTS = /^\ufeff?(?:[ \t]*#[^\r\n]*(?:\r\n|\n|\r))+/;

/** Whether it would be a table of points without the comments that it begins with, as people and numpy write them. */
export function isBehindComments(text: string, name: string): boolean {
  const rest = text.replace(COMMENTS, "");
  if (rest === text) return false;
  const [first = ""] = rest.split(/\r\n|\n|\r/, 1);
  const cells = splitBy(first, delimiterOf(first)).map((cell) => cell.trim());
  return axisColumns(cells) !== undefined || tableOf(rest, name) !== undefined;
}

/** `x_nm`, `x (Å)`, `X [voxel]`: what the names of all three columns end with. */
const UNIT = /[\s_.,(/[-](nm|nanomet(?:er|re)s?|å|angstroe?ms?|ångströms?|vox|voxels?)[)\]]?$/i;

/** The unit that the names of the columns of x, y and z end with, where all of them do. */
export function unitOf(columns: readonly string[]): Pick<PointsReading, "unit" | "unitFrom"> {
  const [x = "", y = "", z = ""] = columns.map((cell) => cell.trim());
  const [unit, ...others] = [x, y, z].map((name) => UNIT.exec(name)?.[1]?.toLowerCase());
  if (unit === undefined || others.some((other) => other !== unit)) return {};
  return { unit: unit.startsWith("n") ? "nm" : unit.startsWith("v") ? "voxels" : "Å", unitFrom: x };
}
