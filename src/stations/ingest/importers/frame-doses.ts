import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { mdocTimeMs } from "../../../formats/mdoc/date-time.js";
import type { Mdoc, MdocSection } from "../../../formats/mdoc/read.js";

/** An image of an acquisition, in the order of the file. */
export interface AcquiredSection {
  readonly section: MdocSection;
  /** Position of the image in the order of acquisition, from 0. */
  readonly acquisitionOrder: number;
}

export interface AcquisitionOrder {
  readonly sections: readonly AcquiredSection[];
  readonly warning: string | undefined;
}

/**
 * The order in which images were taken. The ZValue counts acquisitions in a file as the microscope wrote it. Programs that sort a
 * stack by angle also renumber it. If every image has a time, and the times contradict the ZValues, the times count.
 *
 * @param compat ZValues, whatever the times say.
 */
export function acquisitionOrder(mdoc: Mdoc, compat: boolean): AcquisitionOrder {
  const { sections } = mdoc;
  const byZValue = sections.map(({ zValue }, index) => zValue ?? index);
  const ordered = (orders: readonly number[]) => sections.map((section, i) => ({ section, acquisitionOrder: orders[i]! }));
  if (compat) return { sections: ordered(byZValue), warning: undefined };
  const times = sections.map(({ dateTime }) => (dateTime === undefined ? undefined : mdocTimeMs(dateTime)));
  const known = times.filter((time) => time !== undefined);
  const positions = [...sections.keys()];
  const inOrder = positions.toSorted((a, b) => byZValue[a]! - byZValue[b]! || a - b);
  // times have whole seconds: equal ones contradict nothing
  const agree = inOrder.every((position, i) => i === 0 || times[inOrder[i - 1]!]! <= times[position]!);
  if (known.length < sections.length || agree) return { sections: ordered(byZValue), warning: undefined };
  const byTime = positions.toSorted((a, b) => times[a]! - times[b]! || byZValue[a]! - byZValue[b]!);
  const rank = new Map(byTime.map((position, order) => [position, order]));
  return {
    sections: ordered(positions.map((position) => rank.get(position)!)),
    warning: `${mdoc.name}: the times of the images contradict their ZValues; the times give the order of acquisition`,
  };
}

export interface FrameDoseOptions {
  /** Electrons per Å² and second. */
  readonly doseRate: number;
  readonly isGainCorrected: unknown;
  /** Key of the frame file of this name on the target, or null. */
  pathOf(subFrameName: string): string | null;
  /** The reference's way: every dose is the time times the rate, and doses add up in the order of the file. */
  readonly compat: boolean;
}

/** No dose is known to more digits; beyond them sums and products of float64 are inexact. */
const DIGITS = 12;
/** Relative difference between the dose of an mdoc and time × rate above which there is a warning. */
const DOSE_TOLERANCE = 0.1;

/**
 * One entry for each image of an acquisition, in the order of the file: its dose (electrons per Å²), and the dose before it.
 *
 * The dose is the mdoc's. If the mdoc has none, or 0 (an uncalibrated microscope), it is exposure time × rate.
 *
 * @throws {EmporiumError} FORMAT_FIELD, with the line, for an image that has neither
 */
export function frameEntries({ sections }: AcquisitionOrder, mdoc: Mdoc, options: FrameDoseOptions): JsonObject[] {
  const { doseRate, isGainCorrected, pathOf, compat } = options;
  const doses = sections.map(({ section }) => doseOf(section, doseRate, mdoc, compat));
  const positions = [...sections.keys()];
  const order = compat ? positions : positions.toSorted((a, b) => sections[a]!.acquisitionOrder - sections[b]!.acquisitionOrder);
  const before = new Array<number | Float>(sections.length);
  // the sum begins as the integer 0, and is a float from the first addition on
  let sum: number | Float = 0;
  for (const position of order) {
    before[position] = sum;
    const next = Number(sum) + doses[position]!;
    sum = new Float(compat ? next : withoutNoise(next));
  }
  return sections.map(({ section, acquisitionOrder: acquired }, i) => ({
    acquisition_order: acquired,
    accumulated_dose: before[i]!,
    exposure_dose: new Float(doses[i]!),
    is_gain_corrected: isGainCorrected as JsonObject[string],
    path: section.subFrameName === undefined ? null : pathOf(section.subFrameName),
  }));
}

/** A warning that an mdoc's doses differ from `dose_rate` times exposure time; undefined where they agree. */
export function doseRemark({ sections, name }: Mdoc, doseRate: number): string | undefined {
  const odd = sections.filter(({ exposureDose = 0, exposureTimeSeconds = 0 }) => {
    const computed = exposureTimeSeconds * doseRate;
    return exposureDose > 0 && computed > 0 && Math.abs(exposureDose - computed) > DOSE_TOLERANCE * exposureDose;
  });
  const [first] = odd;
  if (!first) return undefined;
  const computed = withoutNoise(first.exposureTimeSeconds! * doseRate);
  return `${name}: ${odd.length} of ${counted(sections.length, "image has", "images have")} another dose than time × dose_rate, the first ${first.exposureDose} where ${first.exposureTimeSeconds} s × ${doseRate} is ${computed} e⁻/Å²; the mdoc's are written`;
}

function doseOf(section: MdocSection, doseRate: number, { name }: Mdoc, compat: boolean): number {
  const { exposureTimeSeconds, exposureDose, line, zValue } = section;
  // 0 is what a microscope writes that has not been calibrated
  if (exposureDose !== undefined && exposureDose > 0 && !compat) return exposureDose;
  if (exposureTimeSeconds !== undefined) {
    const dose = exposureTimeSeconds * doseRate;
    return compat ? dose : withoutNoise(dose);
  }
  throw new EmporiumError("FORMAT_FIELD", `${name}: image ${zValue ?? ""} in line ${line} has no ExposureTime`, {
    place: { file: name, line },
    hint: "add the exposure time in seconds: the dose is computed from it",
  });
}

/** 0.30000000000000004 is 0.3. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
