import { decimal, textLines } from "../text-lines.js";
import { sectionList } from "./section-list.js";

/** Facts of a tilt series in Etomo's data file (`.edf`). */
export interface EtomoData {
  name: string;
  datasetName?: string | undefined;
  /** Both axes of a dual-axis series share one file. */
  isDualAxis: boolean;
  /** Extension of the raw stack, without a point: `st`, `mrc`. */
  stackExtension?: string | undefined;
  pixelSizeAngstrom?: number | undefined;
  fiducialDiameterNanometre?: number | undefined;
  /** Angle of the tilt axis that the series was set up with. */
  tiltAxisDegrees: Record<"a" | "b", number | undefined>;
  /** Sections from 1 that were to be left out, ascending. */
  excluded: Record<"a" | "b", number[]>;
}

const FIELD = /^([^=#!\s][^=]*)=(.*)$/;

/**
 * An `.edf` file: Java properties, one a line; the first line is a date behind `#`. The last of a repeated key counts; an invalid
 * number counts as missing.
 *
 * @throws {EmporiumError} FORMAT_FIELD, with the line, for an invalid list of sections; FORMAT_LIMIT.
 */
export function parseEdf(content: Uint8Array | string, name: string): EtomoData {
  const fields = new Map<string, { text: string; line: number }>();
  for (const { line, text } of textLines(content, name)) {
    const match = FIELD.exec(text);
    // `:` and `=` stand behind a backslash in properties
    if (match) fields.set(match[1]!.trim(), { text: match[2]!.trim().replace(/\\([:=\\ ])/g, "$1"), line });
  }
  const text = (key: string) => fields.get(key)?.text || undefined;
  const number = (key: string) => decimal(text(key) ?? "");
  const sections = (key: string): number[] => {
    const field = fields.get(key);
    if (!field || field.text === "") return [];
    const list = sectionList({ key, value: field.text, line: field.line }, name);
    return [...new Set(list)].sort((a, b) => a - b);
  };
  const isDualAxis = /^dual/i.test(text("Setup.AxisType") ?? "");
  const pixelSizeNanometre = number("Setup.PixelSize");
  return {
    name,
    datasetName: text("Setup.DatasetName"),
    isDualAxis,
    stackExtension: text("Setup.RawImageStackExt") ?? text("Setup.OrigImageStackExt"),
    pixelSizeAngstrom: pixelSizeNanometre === undefined ? undefined : pixelSizeNanometre * 10,
    fiducialDiameterNanometre: number("Setup.FiducialDiameter"),
    // revisions before 1.6 know one rotation for both axes
    tiltAxisDegrees: {
      a: number("Setup.ImageRotationA") ?? number("Setup.ImageRotation"),
      b: number("Setup.ImageRotationB") ?? (isDualAxis ? number("Setup.ImageRotation") : undefined),
    },
    excluded: { a: sections("Setup.AxisA.ExcludeProjections"), b: sections("Setup.AxisB.ExcludeProjections") },
  };
}
