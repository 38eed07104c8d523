import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { columnsOf, decimal, isNotFinite, textLines, wholeNumber } from "../text-lines.js";
import { HEADER_FIELDS, type MdocFieldKind, SECTION_FIELDS } from "./fields.js";

export type MdocSectionKind = "ZValue" | "MontSection" | "FrameSet";

export interface MdocField {
  /** As written, without blanks at both ends. */
  text: string;
  line: number;
}

/** Keys as written, in the order in which they first come; of a repeated key the last value counts. */
export type MdocFields = ReadonlyMap<string, MdocField>;

export interface MdocSection {
  kind: MdocSectionKind;
  /** Line of the `[ZValue = n]`. */
  line: number;
  /** All fields, unknown ones and that of the section's own heading included. */
  fields: MdocFields;
  /** The n of `[ZValue = n]`: counts acquisitions in most files; not always in order, and not always unique. */
  zValue?: number | undefined;
  tiltAngleDegrees?: number | undefined;
  exposureTimeSeconds?: number | undefined;
  /** Electrons per Å². 0 where the microscope has not been calibrated. */
  exposureDose?: number | undefined;
  pixelSpacingAngstrom?: number | undefined;
  rotationAngleDegrees?: number | undefined;
  /** As written: mostly `X:\folder\name.tif`. */
  subFramePath?: string | undefined;
  /** Last component of the path, undefined where it has none. */
  subFrameName?: string | undefined;
  numSubFrames?: number | undefined;
  dateTime?: string | undefined;
}

/** A SerialEM mdoc: fields of the whole file, titles, and one section for each image (or frame set, or montage). */
export interface Mdoc {
  name: string;
  header: MdocFields;
  /** Text of the `[T = …]` lines of the header. */
  titles: string[];
  /** In the order of the file. */
  sections: MdocSection[];
  /** Lines that are not empty and have no `=`: they are passed over. */
  passedOver: number[];
}

const SECTION = /^\[(ZValue|MontSection|FrameSet)\s*=/;
const TITLE = /^\[T\s*=/;

/**
 * Reads a whole mdoc. Lines without `=` are skipped, a line is split at its first `=`, brackets at the ends of a line do not
 * count, and what is not known stays as text. `nan` and `inf` behind a key that wants a number count as "not given": some cameras
 * print them.
 *
 * @throws {EmporiumError} FORMAT_FIELD, with the line, for a word where a number is wanted; FORMAT_LIMIT.
 * Source: SerialEM help, "About file formats"; grammar as in mdocfile 0.2.3, which is stricter in three points: it splits the
 * lines of the header at every `=`, wants exactly one blank in `[ZValue =`, and reads UTF-8 only.
 */
export function parseMdoc(content: Uint8Array | string, name: string): Mdoc {
  const header = new Map<string, MdocField>();
  const titles: string[] = [];
  const sections: MdocSection[] = [];
  const passedOver: number[] = [];
  let section: { kind: MdocSectionKind; line: number; fields: Map<string, MdocField> } | undefined;
  const finish = () => {
    if (section) sections.push(typedSection(section, name));
  };
  for (const { line, text } of textLines(content, name)) {
    const kind = SECTION.exec(text)?.[1] as MdocSectionKind | undefined;
    if (kind !== undefined) {
      finish();
      section = { kind, line, fields: new Map() };
    }
    const inner = section || TITLE.test(text) ? withoutBrackets(text) : text;
    const split = inner.indexOf("=");
    if (split < 0) {
      if (inner.trim() !== "") passedOver.push(line);
      continue;
    }
    const key = inner.slice(0, split).trim();
    const value = inner.slice(split + 1).trim();
    if (!section && TITLE.test(text)) titles.push(value);
    else (section?.fields ?? header).set(key, { text: value, line });
  }
  finish();
  for (const [key, kind] of Object.entries(HEADER_FIELDS)) numberIn(header, key, kind, name);
  return { name, header, titles, sections, passedOver };
}

function withoutBrackets(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && (text[start] === "[" || text[start] === "]")) start++;
  while (end > start && (text[end - 1] === "[" || text[end - 1] === "]")) end--;
  return text.slice(start, end);
}

const SECTION_NUMBERS = Object.entries(SECTION_FIELDS);

function typedSection(section: { kind: MdocSectionKind; line: number; fields: MdocFields }, name: string): MdocSection {
  const { fields } = section;
  const numbers = new Map<string, number>();
  for (const [key, kind] of SECTION_NUMBERS) {
    const value = numberIn(fields, key, kind, name);
    if (value !== undefined) numbers.set(key, value);
  }
  const subFramePath = fields.get("SubFramePath")?.text;
  return {
    ...section,
    zValue: numbers.get("ZValue"),
    tiltAngleDegrees: numbers.get("TiltAngle"),
    exposureTimeSeconds: numbers.get("ExposureTime"),
    exposureDose: numbers.get("ExposureDose"),
    pixelSpacingAngstrom: numbers.get("PixelSpacing"),
    rotationAngleDegrees: numbers.get("RotationAngle"),
    subFramePath,
    subFrameName: subFramePath === undefined ? undefined : lastPathComponent(subFramePath),
    numSubFrames: numbers.get("NumSubFrames"),
    dateTime: fields.get("DateTime")?.text,
  };
}

function numberIn(fields: MdocFields, key: string, kind: MdocFieldKind, name: string): number | undefined {
  const field = fields.get(key);
  if (field === undefined || (kind === "float" && isNotFinite(field.text))) return undefined;
  const value = kind === "int" ? wholeNumber(field.text) : decimal(field.text);
  if (value !== undefined) return value;
  const wanted = kind === "int" ? "a whole number" : "a number";
  throw new EmporiumError(
    "FORMAT_FIELD",
    `${name}: ${key} is ${JSON.stringify(field.text.slice(0, 40))} in line ${field.line}; expected ${wanted}`,
    { place: { file: name, line: field.line }, hint: "correct the line, or delete it if the value is not known" },
  );
}

/** A sentence on the lines that were passed over; undefined where there are none. */
export function mdocLinesLost({ name, passedOver }: Pick<Mdoc, "name" | "passedOver">): string | undefined {
  if (passedOver.length === 0) return undefined;
  const lines = passedOver.slice(0, 3).join(", ");
  const more = passedOver.length > 3 ? ` and ${passedOver.length - 3} more` : "";
  return `${name}: ${counted(passedOver.length, "line has", "lines have")} no "=" and ${passedOver.length === 1 ? "is" : "are"} not read (line ${lines}${more}): the file may be damaged`;
}

/** All numbers behind a key (`StagePosition`, `MinMaxMean`, …), or undefined when there is none or one is no number. */
export function mdocNumbers(fields: MdocFields, key: string): number[] | undefined {
  const text = fields.get(key)?.text;
  if (text === undefined) return undefined;
  const values = columnsOf(text).map(decimal);
  return values.length > 0 && values.every((value) => value !== undefined) ? (values as number[]) : undefined;
}

/** Degrees of the sections that have an angle, in the order of the file. */
export function mdocAngles({ sections }: Pick<Mdoc, "sections">): number[] {
  return sections.flatMap(({ fields }) => mdocNumbers(fields, "TiltAngle")?.[0] ?? []);
}

/** Degrees of the tilt axis in the title `Tilt axis angle = 84.7, binning = 1 …`, or undefined. */
export function tiltAxisAngle({ titles }: Pick<Mdoc, "titles">): number | undefined {
  for (const title of titles) {
    const match = /\btilt axis angle\s*=\s*([^,\s]+)/i.exec(title);
    const angle = match ? decimal(match[1]!) : undefined;
    if (angle !== undefined) return angle;
  }
  return undefined;
}

/**
 * The file name at the end of a Windows or POSIX path, as `PureWindowsPath(path).name`: both separators count; drive, network
 * share, `.` and empty components do not. Undefined without a file name.
 */
export function lastPathComponent(path: string): string | undefined {
  const share = /^[\\/]{2}[^\\/]+[\\/]+[^\\/]+/.exec(path)?.[0] ?? /^[A-Za-z]:/.exec(path)?.[0] ?? "";
  return path
    .slice(share.length)
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== ".")
    .at(-1);
}
