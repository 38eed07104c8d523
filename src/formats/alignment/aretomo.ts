import { counted } from "../../core/units.js";
import { columnsOf, isNotFinite, textLines } from "../text-lines.js";
import { cosSinDegrees } from "./rotation.js";
import { alignmentError, numbersOfRow } from "./rows.js";
import type { SectionAlignment } from "./sections.js";

export interface AretomoSection {
  /** The SEC column: from 0 in some versions, from 1 in others. */
  sec: number;
  rotationDegrees: number;
  magnification: number;
  /** Pixels of the unbinned tilt series. */
  tx: number;
  ty: number;
  tiltAngleDegrees: number;
  /** SMEAN, SFIT, SCALE, BASE: intensities. */
  intensity: [smean: number, sfit: number, scale: number, base: number];
  line: number;
}

/** Measured shift of one patch in one section, pixels from the centre. */
export interface AretomoPatch {
  section: number;
  patch: number;
  centre: [x: number, y: number];
  shift: [x: number, y: number];
  reliable: boolean;
  line: number;
}

/** An AreTomo alignment, of version 1.2 to AreTomo3. */
export interface AretomoAlignment {
  name: string;
  /** x, y, and sections before dark ones were removed. Not in files of version 1. */
  rawSize?: [nx: number, ny: number, nz: number] | undefined;
  numPatches?: number | undefined;
  /** Sections that were left out, from 0 in the whole tilt series. */
  darkFrames: { section: number; tiltAngleDegrees: number; line: number }[];
  /** Offset of the tilt angle; rotation of the volume about x. */
  alphaOffsetDegrees?: number | undefined;
  betaOffsetDegrees?: number | undefined;
  thicknessPixels?: number | undefined;
  sections: AretomoSection[];
  patches: AretomoPatch[];
}

/**
 * An `.aln` file. Lines of `#` that are not known are skipped: versions differ in them.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_LIMIT.
 */
export function parseAln(content: Uint8Array | string, name: string): AretomoAlignment {
  const result: AretomoAlignment = { name, darkFrames: [], sections: [], patches: [] };
  let rows: "none" | "global" | "local" = "none";
  for (const { line, text } of textLines(content, name)) {
    if (text === "") continue;
    if (text.startsWith("#")) {
      if (/^#\s*SEC\b/.test(text)) rows = "global";
      else if (/^#\s*Local Alignment\b/i.test(text)) rows = "local";
      else headerLine(result, text, line);
      continue;
    }
    if (rows === "none")
      throw alignmentError(name, line, "a row before the line `# SEC ROT …`, an AreTomo alignment has it first");
    const columns = columnsOf(text);
    if (rows === "global") result.sections.push(globalRow(columns, name, line));
    else result.patches.push(localRow(columns, name, line));
  }
  if (rows === "none") throw alignmentError(name, undefined, "no line `# SEC ROT …`, an AreTomo alignment has one");
  return result;
}

function headerLine(result: AretomoAlignment, text: string, line: number): void {
  const { name } = result;
  const match = /^#\s*(\w+)\s*=\s*(.*)$/.exec(text);
  if (!match) return;
  const [, key, value] = match as unknown as [string, string, string];
  const columns = columnsOf(value);
  const numbers = (count: number, more = false) => numbersOfRow(columns, count, { name, line, what: key, more });
  const whole = (values: number[], count = 1) => {
    const odd = values.slice(0, count).find((found) => !Number.isSafeInteger(found) || found < 0);
    if (odd !== undefined) throw alignmentError(name, line, `${key} is ${odd}; expected a whole number of 0 or more`);
    return values;
  };
  if (key === "RawSize") result.rawSize = whole(numbers(3), 3) as [number, number, number];
  else if (key === "NumPatches") result.numPatches = whole(numbers(1))[0]!;
  else if (key === "AlphaOffset") result.alphaOffsetDegrees = numbers(1)[0]!;
  else if (key === "BetaOffset") result.betaOffsetDegrees = numbers(1)[0]!;
  else if (key === "Thickness") result.thicknessPixels = numbers(1)[0]!;
  else if (key === "DarkFrame") {
    // some files leave out the middle number, the section's place before the stack was sorted
    const found = numbers(columns.length === 2 ? 2 : 3, true);
    result.darkFrames.push({ section: whole(found)[0]!, tiltAngleDegrees: found.at(-1)!, line });
  }
}

function globalRow(columns: string[], name: string, line: number): AretomoSection {
  // intensities of an empty image are no numbers; nothing else may be none
  const usable = columns.map((text, at) => (at >= 5 && at <= 8 && isNotFinite(text) ? "0" : text));
  const row = numbersOfRow(usable, 10, { name, line, what: "a section", more: true });
  const [sec, rotation, magnification, tx, ty, smean, sfit, scale, base, tilt] = row as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    sec,
    rotationDegrees: rotation,
    magnification,
    tx,
    ty,
    tiltAngleDegrees: tilt,
    intensity: [smean, sfit, scale, base],
    line,
  };
}

function localRow(columns: string[], name: string, line: number): AretomoPatch {
  const row = numbersOfRow(columns, 7, { name, line, what: "a patch", more: true });
  const [section, patch, x, y, shiftX, shiftY, reliable] = row as [number, number, number, number, number, number, number];
  return { section, patch, centre: [x, y], shift: [shiftX, shiftY], reliable: reliable !== 0, line };
}

/**
 * Sections of an AreTomo alignment: its rows in order are the sections that are not dark. The SEC column is not used: it counts
 * from 0 or 1, depending on the version. Magnification, patches and global offsets are not read.
 *
 * @throws {EmporiumError} FORMAT_FIELD if rows and dark frames together are not the sections of the tilt series.
 * Source: `Alignment.from_aretomo3` of cryoet-alignment 0.2.0; golden: `test/golden/alignment`.
 */
export function aretomoSections(alignment: AretomoAlignment): SectionAlignment[] {
  const { name, sections, darkFrames } = alignment;
  const dark = new Set(darkFrames.map(({ section }) => section));
  const depth = alignment.rawSize?.[2] ?? sections.length + dark.size;
  const outside = darkFrames.find(({ section }) => section >= depth);
  if (outside)
    throw alignmentError(name, outside.line, `dark frame ${outside.section}, the tilt series has sections 0 to ${depth - 1}`);
  if (sections.length + dark.size !== depth) {
    const message = `${counted(sections.length, "row")} and ${dark.size} dark frames; RawSize has ${counted(depth, "section")}`;
    throw alignmentError(name, undefined, message, "the file was cut short or joined from two: write it again");
  }
  let z = -1;
  return sections.map(({ rotationDegrees, tx, ty, tiltAngleDegrees }) => {
    do z++;
    while (dark.has(z));
    const [cos, sin] = cosSinDegrees(rotationDegrees);
    return {
      zIndex: z,
      tiltAngleDegrees,
      volumeXRotationDegrees: 0,
      inPlaneRotation: [
        [cos, -sin],
        [sin, cos],
      ],
      xOffset: tx,
      yOffset: ty,
    };
  });
}
