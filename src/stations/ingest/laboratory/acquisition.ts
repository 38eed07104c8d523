import { isEmporiumError } from "../../../core/errors.js";
import { mdocLinesLost, mdocNumbers, parseMdoc, tiltAxisAngle } from "../../../formats/mdoc/read.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { sectionTilts } from "../../../formats/mrc/section-tilts.js";
import { parseTiltAngles } from "../../../formats/tilt-angles/read.js";
import { forEachLimited } from "../../../system/parallel.js";
import { orReason } from "./recognisers/common/reading.js";
import type { Laboratory } from "./survey/laboratory.js";

/** Settings that the acquisition file, or a list of tilt angles, of one run gives. */
export interface Acquisition {
  readonly voltage?: number | undefined;
  readonly software?: string | undefined;
  readonly tiltAxis?: number | undefined;
  readonly pixelSpacing?: number | undefined;
  readonly range?: { readonly min: number; readonly max: number } | undefined;
  readonly step?: number | undefined;
  /** `dose symmetric` and the like, where the order of the sections tells it. */
  readonly scheme?: string | undefined;
  /** Electrons per Å² and second, and over the whole series. */
  readonly doseRate?: number | undefined;
  readonly totalFlux?: number | undefined;
  /** The angles are those of an alignment: nothing says how they were recorded. */
  readonly isAligned?: boolean | undefined;
  /** Such angles were moved back to where they were recorded: the list that is cut short and shows by how many degrees. */
  readonly movedBack?: { readonly by: number; readonly from: string } | undefined;
  /** What has the angles of the series, where that is no list of its own: a table of many series. */
  readonly tiltsFrom?: string | undefined;
  /** File that the values come from. */
  readonly from?: string | undefined;
  /** A warning that lines of the file cannot be read. */
  readonly remark?: string | undefined;
  /** Number of sections. */
  readonly count?: number | undefined;
}

/** Small text files; a larger one is no list of tilts. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;
const READ_AT_ONCE = 16;

/** What each of these acquisition files says; undefined for those that cannot be read as such. */
export function readAcquisitions(
  laboratory: Laboratory,
  paths: readonly string[],
): Promise<Map<string, Acquisition | undefined>> {
  return readOnce(laboratory, paths, ofMdoc);
}

/** The angles of each of these lists, as range and step; undefined for those that cannot be read as such. */
export function readAngleLists(laboratory: Laboratory, paths: readonly string[]): Promise<Map<string, Acquisition | undefined>> {
  return readOnce(laboratory, paths, ofAngleList);
}

/** Why the angles of a list cannot be read; undefined where they can. */
export async function angleFault(laboratory: Laboratory, path: string): Promise<string | undefined> {
  const text = await laboratory.text(path, TEXT_BYTES_MAX);
  if (text === undefined) return "it is too large for a list of angles";
  const read = await orReason(() => parseTiltAngles(text, path));
  if ("reason" in read) return read.reason;
  return read.value.length === 0 ? "it has no angles" : undefined;
}

/** The angles that the microscope has written behind the header of a stack, as range, step and order; undefined where it has none. */
export async function ofSections(laboratory: Laboratory, path: string): Promise<Acquisition | undefined> {
  // other kinds have no tilts: of these alone the file is opened
  if (!/^(?:AGAR|SERI|FEI[12])$/.test(laboratory.get(path)?.volume?.extended ?? "")) return undefined;
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    return sectionTilts(source, await readMrcHeader(source));
  });
  const tilts = "value" in read ? read.value : undefined;
  return tilts && { ...ofAngles(tilts), scheme: schemeOf(tilts), count: tilts.length, tiltsFrom: "its extended header" };
}

type Reader = (text: string, path: string) => Acquisition | undefined;

/** What was read of the files of a laboratory: recognisers, decisions and the configuration ask for the same, and a page after each click. */
const known = new WeakMap<Laboratory, Map<Reader, Map<string, Acquisition | undefined>>>();

async function readOnce(
  laboratory: Laboratory,
  paths: readonly string[],
  read: Reader,
): Promise<Map<string, Acquisition | undefined>> {
  const byReader = known.get(laboratory) ?? new Map<Reader, Map<string, Acquisition | undefined>>();
  known.set(laboratory, byReader);
  const before = byReader.get(read) ?? new Map<string, Acquisition | undefined>();
  byReader.set(read, before);
  await forEachLimited(
    paths.filter((path) => !before.has(path)),
    READ_AT_ONCE,
    async (path) => {
      const text = await laboratory.text(path, TEXT_BYTES_MAX);
      before.set(path, text === undefined ? undefined : read(text, path));
    },
  );
  return new Map(paths.map((path) => [path, before.get(path)]));
}

function ofAngleList(text: string, path: string): Acquisition | undefined {
  const angles = anglesOf(text, path);
  return angles && { ...ofAngles(angles), count: angles.length };
}

/** Angles that are compared, at least; and by how many degrees an alignment that moves all of them alike may move one more than another. */
const COMPARED_MIN = 3;
const SPREAD_MAX_DEGREES = 0.5;

/**
 * Moves the range of an alignment's angles back to where they were recorded, by the beginning of a list of the recorded ones that was cut short. Both have
 * the order of the images.
 *
 * @returns undefined where the two do not differ by one angle
 */
export async function movedBack(
  laboratory: Laboratory,
  { range, ...known }: Acquisition,
  { aligned, cut }: { readonly aligned: string; readonly cut: string },
): Promise<Acquisition | undefined> {
  const [all, some] = await Promise.all([laboratory.text(aligned, TEXT_BYTES_MAX), laboratory.text(cut, TEXT_BYTES_MAX)]);
  if (all === undefined || some === undefined || range === undefined) return undefined;
  const angles = anglesOf(all, aligned) ?? [];
  // the last line may have lost its digits
  const recorded = anglesOf(some.slice(0, some.lastIndexOf("\n") + 1), cut) ?? [];
  if (recorded.length < COMPARED_MIN || recorded.length >= angles.length) return undefined;
  const moves = recorded.map((angle, at) => angles[at]! - angle);
  if (Math.max(...moves) - Math.min(...moves) > SPREAD_MAX_DEGREES) return undefined;
  const by = moves.reduce((sum, one) => sum + one, 0) / moves.length;
  const back = { min: rounded(range.min - by, 1), max: rounded(range.max - by, 1) };
  return { ...known, range: back, movedBack: { by: rounded(by, 2), from: cut } };
}

function ofMdoc(text: string, path: string): Acquisition | undefined {
  try {
    const mdoc = parseMdoc(text, path);
    const sections = mdoc.sections.filter(({ kind }) => kind === "ZValue");
    if (sections.length === 0) return undefined;
    const one = (key: string) => mdocNumbers(sections[0]!.fields, key)?.[0] ?? mdocNumbers(mdoc.header, key)?.[0];
    const all = (key: string) => sections.flatMap(({ fields }) => mdocNumbers(fields, key)?.[0] ?? []);
    const [doses, times, angles] = [all("ExposureDose"), all("ExposureTime"), all("TiltAngle")];
    const dosed = doses.length === sections.length && doses.every((dose) => dose > 0);
    const axis = tiltAxisAngle(mdoc) ?? one("RotationAngle");
    return {
      voltage: volts(one("Voltage")),
      software: mdoc.titles.some((title) => /serialem/i.test(title))
        ? "SerialEM"
        : mdoc.titles.some((title) => /tomography|tfs|tomo5/i.test(title))
          ? "Tomography"
          : undefined,
      tiltAxis: axis === undefined ? undefined : rounded(axis, 2),
      pixelSpacing: one("PixelSpacing"),
      ...ofAngles(angles),
      scheme: schemeOf(angles),
      doseRate: dosed && times[0]! > 0 ? rounded(doses[0]! / times[0]!, 4) : undefined,
      totalFlux: dosed
        ? rounded(
            doses.reduce((sum, dose) => sum + dose, 0),
            3,
          )
        : undefined,
      from: path,
      remark: mdocLinesLost(mdoc),
      count: sections.length,
    };
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

/** Sections stand in the order in which they were recorded, unless a program has sorted them: a sorted list tells nothing but itself. */
function schemeOf(angles: readonly number[]): string | undefined {
  if (angles.length < 5) return undefined;
  const turns = angles.slice(2).filter((angle, at) => (angle - angles[at + 1]!) * (angles[at + 1]! - angles[at]!) < 0).length;
  if (turns === 0) return undefined;
  return turns >= (angles.length - 2) / 3 ? "dose symmetric" : turns === 1 ? "bidirectional" : undefined;
}

function volts(kilovolts: number | undefined): number | undefined {
  return kilovolts !== undefined && kilovolts >= 20 && kilovolts <= 1_000 ? kilovolts * 1_000 : undefined;
}

function anglesOf(text: string, path: string): number[] | undefined {
  try {
    const angles = parseTiltAngles(text, path).map(({ degrees }) => degrees);
    return angles.length > 0 ? angles : undefined;
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

/** Range to a tenth of a degree, and the step that most neighbours have. */
export function ofAngles(angles: readonly number[]): Pick<Acquisition, "range" | "step"> {
  if (angles.length < 2) return {};
  const sorted = [...angles].sort((a, b) => a - b);
  const steps = new Map<number, number>();
  for (let i = 1; i < sorted.length; i++) {
    const step = rounded(sorted[i]! - sorted[i - 1]!, 1);
    steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  const [step] = [...steps].sort((a, b) => b[1] - a[1])[0]!;
  return { range: { min: rounded(sorted[0]!, 1), max: rounded(sorted.at(-1)!, 1) }, step: step > 0 ? step : undefined };
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits)) + 0;
}
