import { decimal, textLines } from "../text-lines.js";
import { alignmentError } from "./rows.js";

/** What AreTomo3 says of one tilt series in `TiltSeries_Metrics.csv`. A value that is none (`nan`, empty) is undefined. */
export interface TiltSeriesMetrics {
  /** As written: `pos_1.mrc`. */
  tiltSeries: string;
  thicknessPixels?: number | undefined;
  tiltAxisDegrees?: number | undefined;
  globalShiftPixels?: number | undefined;
  badPatchLow?: number | undefined;
  badPatchAll?: number | undefined;
  ctfResolutionAngstrom?: number | undefined;
  ctfScore?: number | undefined;
  pixelSizeAngstrom?: number | undefined;
  line: number;
}

type Measure = Exclude<keyof TiltSeriesMetrics, "tiltSeries" | "line">;

/** Headings as far as they are distinguished: versions differ in blanks, units and order. */
const MEASURES: readonly (readonly [RegExp, Measure])[] = [
  [/^thickness/, "thicknessPixels"],
  [/^tilt_?axis/, "tiltAxisDegrees"],
  [/^global_?shift/, "globalShiftPixels"],
  [/^bad_?patch_?low/, "badPatchLow"],
  [/^bad_?patch_?all/, "badPatchAll"],
  [/^ctf_?res/, "ctfResolutionAngstrom"],
  [/^ctf_?score/, "ctfScore"],
  [/^pix_?size/, "pixelSizeAngstrom"],
];

/**
 * The metrics of AreTomo3: one row a tilt series, in the order of the file. Columns are found by their headings; those that are
 * not known are skipped.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_LIMIT.
 */
export function parseTiltSeriesMetrics(content: Uint8Array | string, name: string): TiltSeriesMetrics[] {
  const [head, ...rows] = textLines(content, name).filter(({ text }) => text !== "");
  const headings = cellsOf(head?.text ?? "").map((text) => text.toLowerCase().replace(/[\s"]+/g, "_"));
  const series = headings.findIndex((text) => /^tilt_?series/.test(text));
  if (series < 0) throw alignmentError(name, head?.line, "no column Tilt_Series, metrics of AreTomo3 have one");
  const places = MEASURES.flatMap(([form, measure]) => {
    const at = headings.findIndex((text) => form.test(text));
    return at < 0 ? [] : [[at, measure] as const];
  });
  return rows.map(({ text, line }) => {
    const cells = cellsOf(text);
    if (cells.length < headings.length) {
      throw alignmentError(name, line, `${cells.length} cells, the first line has ${headings.length}`);
    }
    const measures = places.map(([at, measure]) => [measure, decimal(cells[at]!)] as const);
    return { tiltSeries: cells[series]!, ...Object.fromEntries(measures), line };
  });
}

function cellsOf(line: string): string[] {
  return line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}
