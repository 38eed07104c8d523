import { headBehind } from "../../../arrays/stream/source/compressed.js";
import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import { warningLines } from "../../../core/report.js";
import { compressionOf } from "../../../formats/compression.js";
import { MRC_HEADER_BYTES, type MrcHeader, parseMrcHeader } from "../../../formats/mrc/header.js";
import { requireFormat } from "../../../formats/registry.js";

/** The fields of IMOD's `header`. Lists are x, y, z here, as in that program: columns, rows, sections. */
export interface MrcSummary {
  readonly name: string;
  readonly size: number;
  readonly columns_rows_sections: readonly number[];
  readonly mode: number;
  readonly mode_name: string;
  readonly start: readonly number[];
  readonly grid: readonly number[];
  readonly pixel_spacing: readonly (number | null)[];
  readonly cell_angles: readonly number[];
  readonly axes: readonly string[];
  readonly origin: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly tilt_angles_original: readonly number[];
  readonly tilt_angles_current: readonly number[];
  readonly space_group: number;
  readonly extra_bytes: number;
  readonly id_type: number;
  readonly lens: number;
  readonly titles: readonly string[];
  readonly warnings: readonly string[];
}

const MODES: Readonly<Record<number, string>> = {
  1: "16-bit integer",
  2: "32-bit real",
  3: "complex integer",
  4: "complex",
  6: "unsigned 16-bit",
  12: "16-bit real",
  101: "4-bit",
};

/** Byte offsets of IMOD's own fields in the header: id and lens (int16), then six tilt angles (float32). */
const IDTYPE_AT = 160;
const LENS_AT = 162;
const TILTS_AT = 172;

/**
 * Reads an MRC header for people: one range of 1024 bytes.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_TRUNCATED, FORMAT_FIELD, FORMAT_UNSUPPORTED
 */
export async function summariseMrc(source: RandomAccess, options?: ReadOptions): Promise<MrcSummary> {
  const size = await source.size();
  const first = await source.read({ offset: 0, length: MRC_HEADER_BYTES }, options);
  const compression = compressionOf(first);
  const bytes = compression ? await headBehind(source, compression, MRC_HEADER_BYTES, options?.signal) : first;
  requireFormat("mrc", bytes, source.name);
  const header = parseMrcHeader(bytes, { name: source.name, sizeBytes: compression ? undefined : size, allowShort: true });
  const view = new DataView(bytes.buffer, bytes.byteOffset, MRC_HEADER_BYTES);
  const tilts = Array.from({ length: 6 }, (_, at) => view.getFloat32(TILTS_AT + 4 * at, header.littleEndian));
  return {
    name: source.name,
    size,
    columns_rows_sections: xyz(header.shape),
    mode: header.mode,
    mode_name: modeName(header),
    start: xyz(header.nstart),
    grid: xyz(header.grid),
    pixel_spacing: xyz(header.voxelSizeAngstrom).map((value) => value ?? null),
    cell_angles: header.cellAnglesDegrees,
    axes: [header.mapc, header.mapr, header.maps].map((axis) => " XYZ"[axis]?.trim() || String(axis)),
    origin: xyz(header.originAngstrom),
    min: header.dmin,
    max: header.dmax,
    mean: header.dmean,
    tilt_angles_original: tilts.slice(0, 3),
    tilt_angles_current: tilts.slice(3),
    space_group: header.ispg,
    extra_bytes: header.nsymbt,
    id_type: view.getInt16(IDTYPE_AT, header.littleEndian),
    lens: view.getInt16(LENS_AT, header.littleEndian),
    titles: header.labels,
    warnings: header.warnings,
  };
}

function modeName({ mode, signedBytes, imodStamp, dmax }: MrcHeader): string {
  if (mode !== 0) return MODES[mode] ?? "unknown";
  // an unstamped file whose maximum exceeds signed bytes is from the time of unsigned bytes
  return (imodStamp ? signedBytes : dmax <= 127) ? "byte - signed in file" : "byte - unsigned in file";
}

const xyz = <T>([z, y, x]: readonly [T, T, T]): [T, T, T] => [x, y, z];

/** The summary in the lines of IMOD's `header`. */
export function summaryText(summary: MrcSummary): string {
  const { columns_rows_sections: shape, start, grid, titles, pixel_spacing: spacing } = summary;
  const line = (label: string, values: readonly (string | number | null)[], width: number) =>
    ` ${`${label} `.padEnd(38, ".")}${values.map((value) => String(value ?? "?").padStart(width)).join("")}`;
  const real = (value: number | null, digits = 3) =>
    value === null ? "?" : Number.isFinite(value) ? value.toFixed(digits) : String(value);
  return [
    ` RO image file on unit   1 : ${summary.name}     Size=${String(Math.ceil(summary.size / 1024)).padStart(11)} K`,
    "",
    line("Number of columns, rows, sections", shape, 8),
    `${line("Map mode", [summary.mode], 5)}   (${summary.mode_name})`,
    line("Start cols, rows, sects, grid x,y,z", [...start, ...grid], 6),
    line(
      "Pixel spacing (Angstroms)",
      spacing.map((value) => (value === null ? "?" : significant(value))),
      11,
    ),
    line(
      "Cell angles",
      summary.cell_angles.map((value) => real(value)),
      9,
    ),
    line("Fast, medium, slow axes", summary.axes, 5),
    line("Origin on x,y,z", summary.origin.map(significant), 13),
    line("Minimum density", [significant(summary.min)], 15),
    line("Maximum density", [significant(summary.max)], 15),
    line("Mean density", [significant(summary.mean)], 15),
    line(
      "tilt angles (original,current)",
      [...summary.tilt_angles_original, ...summary.tilt_angles_current].map((value) => real(value, 1)),
      7,
    ),
    line("Space group,# extra bytes,idtype,lens", [summary.space_group, summary.extra_bytes, summary.id_type, summary.lens], 9),
    "",
    `${String(titles.length).padStart(6)} Titles :`,
    ...titles,
    ...warningLines(summary.warnings),
  ].join("\n");
}

/** Five significant digits, as Fortran's `g` gives them. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const text = value.toPrecision(5);
  return text.includes("e") ? value.toExponential(4) : text;
}
