import { isEmporiumError } from "../../../core/errors.js";
import { checkHeader } from "../../../formats/points/csv-header.js";
import { POINT_READERS } from "../../../formats/points/readers.js";
import { readStar } from "../../../formats/star/read.js";
import type { StarHeader } from "../../../formats/star/table.js";
import { openObject, type Store } from "../../../stores/store.js";
import type { ShapeName } from "../config/grammar/sources.js";
import { type Fit, pointFit } from "../point-fit.js";
import type { Item } from "./inventory.js";

/** How a file of points is to be read, as a configuration says it. */
export interface PointFile {
  shape: ShapeName;
  format: string;
  delimiter?: string | undefined;
  /** Coordinates are in Å: they are divided by the voxel spacing. */
  isAngstrom?: boolean | undefined;
  /** Points of many tomograms in one file: what names a row's tomogram. */
  rowName?: string | undefined;
}

const HEAD_BYTES = 64 * 1024;
const JSON_BYTES_MAX = 16 * 1024 * 1024;

/** Looks into a file of points; undefined for what is none, or of a format that is not read. */
export async function pointFileOf(store: Store, { path, size }: Item, signal: AbortSignal): Promise<PointFile | undefined> {
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

async function starFile(store: Store, path: string, signal: AbortSignal): Promise<PointFile | undefined> {
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
  const isTurned = has("rlnAngleRot") || has("rlnTomoSubtomogramRot") || has("wrpAngleRot1");
  const shape = isTurned ? "OrientedPoint" : "Point";
  if (has("rlnCenteredCoordinateXAngst")) return { shape, format: "relion5_star", rowName: "rlnTomoName" };
  if (has("wrpCoordinateX1") || has("wrpCoordinateX")) return { shape, format: "warp_star", rowName: "wrpSourceName" };
  if (!has("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")) return undefined;
  if (has("rlnTomoName")) return { shape, format: "relion4_star", rowName: "rlnTomoName" };
  return { shape, format: "relion3_star", rowName: has("rlnMicrographName") ? "rlnMicrographName" : undefined };
}

async function jsonFile(store: Store, path: string, signal: AbortSignal): Promise<PointFile | undefined> {
  const bytes = await store.read(path, undefined, { signal });
  const document = bytes && parsed(bytes);
  const { points, boxes_3d } = (document ?? {}) as { points?: unknown; boxes_3d?: unknown };
  if (Array.isArray(boxes_3d) && boxes_3d.length > 0) return { shape: "Point", format: "eman2_json" };
  if (!Array.isArray(points)) return undefined;
  const some = points.slice(0, 1_000) as { instance_id?: unknown; transformation_?: unknown }[];
  const ids = new Set(some.map((point) => point?.instance_id ?? 0));
  const isTurned = some.some((point) => Array.isArray(point?.transformation_) && !isIdentity(point.transformation_));
  const shape = isTurned ? "OrientedPoint" : ids.size > 1 ? "InstanceSegmentation" : "Point";
  return { shape, format: "copick", isAngstrom: true };
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

/** A table of Dynamo, or coordinates of EMAN2: numbers between blanks. */
function blankSeparated(text: string): PointFile | undefined {
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

/** Three numbers a line, possibly after a line of words. Tables of runs and of objects are something else. */
function tableFile(text: string, name: string): PointFile | undefined {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const [first = "", second] = lines;
  if (/(^|[,\t])\s*(run_name|object_id)\b/i.test(first)) return undefined;
  const delimiter = ["\t", ",", ";", "|"].find((sign) => first.split(sign).length >= 3);
  if (delimiter === undefined) return undefined;
  const isNumbers = (line: string | undefined) =>
    line
      ?.split(delimiter)
      .slice(0, 3)
      .every((cell) => cell.trim() !== "" && Number.isFinite(Number(cell))) === true;
  const cells = first.split(delimiter).map((cell) => cell.trim().toLowerCase());
  if (cells.length === 4 && cells[0] === "ids") return { shape: "InstanceSegmentation", format: "tardis" };
  const separated = delimiter === "," ? {} : { delimiter };
  if (isNumbers(first)) return { shape: "Point", format: "csv", ...separated };
  if (!isNumbers(second)) return undefined;
  checkHeader(name, first.split(delimiter), { first: 0, format: "csv_with_header" });
  return { shape: "Point", format: "csv_with_header", ...separated };
}

/** Runs whose points are looked at, and the largest file. */
const RUNS_READ = 3;
const READ_BYTES_MAX = 16 * 1024 * 1024;
/** Points of one file. */
const POINTS_MAX = 100_000;

/**
 * How the coordinates of one kind of files fit the tomograms of their runs: undefined if this is unknown, or if they fit
 * unchanged. Files with the particles of several tomograms are ignored: which rows belong to which is unknown.
 *
 * @param tomogramOf the tomogram that the points of a run are to lie in.
 */
export async function placesOf(
  store: Store,
  { format, shape, delimiter, rowName }: PointFile,
  items: ReadonlyMap<string, Item>,
  tomogramOf: (run: string) => Item | undefined,
  signal: AbortSignal,
): Promise<Fit | undefined> {
  const reader = POINT_READERS[format];
  if (!reader || rowName !== undefined || shape === "InstanceSegmentation") return undefined;
  const kind = shape === "OrientedPoint" ? "orientedPoint" : "point";
  const fits: Fit[] = [];
  for (const [run, { path, size }] of [...items].slice(0, RUNS_READ)) {
    const volume = tomogramOf(run);
    if (!volume?.shape || size > READ_BYTES_MAX) continue;
    const [z, y, x] = volume.shape;
    const reverse = kind === "point" ? "columns" : "order";
    const places = pointFit({ size: [x, y, z], spacingAngstrom: volume.voxelSizeAngstrom, binning: 1, reverse });
    const options = { kind, binning: 1, columns: "xyz", order: "xyz", delimiter: delimiter ?? "," } as const;
    try {
      for await (const { positions, count } of reader.read(await openObject(store, path, { signal }), options, { signal })) {
        places.add(positions, count);
        if (places.count > POINTS_MAX) break;
      }
    } catch (error) {
      if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return undefined;
      throw error;
    }
    const fit = places.fit();
    if (fit) fits.push(fit);
  }
  const [first] = fits;
  if (!first || fits.some(({ unit, reversed }) => unit !== first.unit || reversed !== first.reversed)) return undefined;
  // points of one run may fill less of the volume than those of another
  return fits.reduce((most, fit) => (fit.binning > most.binning ? fit : most));
}
