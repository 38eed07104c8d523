import { isEmporiumError } from "../../../core/errors.js";
import { mdocLinesLost, mdocNumbers, parseMdoc, tiltAxisAngle } from "../../../formats/mdoc/read.js";
import { parseTiltAngles } from "../../../formats/tilt-angles/read.js";
import type { Store } from "../../../stores/store.js";
import type { Item } from "./inventory.js";

/** What acquisition files and tilt angles of one run tell about all of them. */
export interface Acquisition {
  voltage?: number | undefined;
  software?: string | undefined;
  tiltAxis?: number | undefined;
  pixelSpacing?: number | undefined;
  range?: { min: number; max: number } | undefined;
  step?: number | undefined;
  /** Electrons per Å² and second, and over the whole series. */
  doseRate?: number | undefined;
  totalFlux?: number | undefined;
  /** File that it comes from. */
  from?: string | undefined;
  /** That lines of the file cannot be read. */
  remark?: string | undefined;
}

/** Small text files; a larger one is no list of tilts. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The first acquisition file that can be read, and the first list of angles where it has none.
 *
 * @param passed takes the files before it, which cannot be read.
 */
export async function readAcquisition(
  store: Store,
  items: readonly Item[],
  signal: AbortSignal,
  passed: string[],
): Promise<Acquisition> {
  const acquisition = (await firstRead(store, items, "mdoc", signal, ofMdoc, passed)) ?? {};
  if (acquisition.range) return acquisition;
  const angles =
    (await firstRead(store, items, "rawtlt", signal, anglesOf, passed)) ??
    (await firstRead(store, items, "tlt", signal, anglesOf, passed));
  return { ...acquisition, ...(angles && ofAngles(angles)) };
}

/** How many angles the series of a folder have: by that a stack is known. */
export async function tiltCounts(store: Store, items: readonly Item[], signal: AbortSignal): Promise<Set<number>> {
  const counts = new Set<number>();
  for (const { path, size } of items.filter(({ kind }) => kind === "rawtlt" || kind === "tlt").slice(0, 200)) {
    const angles =
      size <= TEXT_BYTES_MAX ? anglesOf((await store.read(path, undefined, { signal })) ?? new Uint8Array(0), path) : undefined;
    if (angles && angles.length > 2) counts.add(angles.length);
  }
  return counts;
}

async function firstRead<T>(
  store: Store,
  items: readonly Item[],
  kind: Item["kind"],
  signal: AbortSignal,
  read: (bytes: Uint8Array, path: string) => T | undefined,
  passed: string[],
): Promise<T | undefined> {
  for (const { path, size } of items.filter((item) => item.kind === kind).slice(0, 20)) {
    const bytes = size > TEXT_BYTES_MAX ? undefined : await store.read(path, undefined, { signal });
    const found = bytes && read(bytes, path);
    if (found !== undefined) return found;
    passed.push(path);
  }
  return undefined;
}

function ofMdoc(bytes: Uint8Array, path: string): Acquisition | undefined {
  try {
    const mdoc = parseMdoc(bytes, path);
    const sections = mdoc.sections.filter(({ kind }) => kind === "ZValue");
    if (sections.length === 0) return undefined;
    const one = (key: string) => mdocNumbers(sections[0]!.fields, key)?.[0] ?? mdocNumbers(mdoc.header, key)?.[0];
    const all = (key: string) => sections.flatMap(({ fields }) => mdocNumbers(fields, key)?.[0] ?? []);
    const [doses, times] = [all("ExposureDose"), all("ExposureTime")];
    const dosed = doses.length === sections.length && doses.every((dose) => dose > 0);
    return {
      voltage: volts(one("Voltage")),
      software: mdoc.titles.some((title) => /serialem/i.test(title))
        ? "SerialEM"
        : mdoc.titles.some((title) => /tomography|tfs|tomo5/i.test(title))
          ? "Tomography"
          : undefined,
      tiltAxis: tiltAxisAngle(mdoc) ?? one("RotationAngle"),
      pixelSpacing: one("PixelSpacing"),
      ...ofAngles(all("TiltAngle")),
      doseRate: dosed && times[0]! > 0 ? rounded(doses[0]! / times[0]!, 4) : undefined,
      totalFlux: dosed
        ? rounded(
            doses.reduce((sum, dose) => sum + dose, 0),
            3,
          )
        : undefined,
      from: path,
      remark: mdocLinesLost(mdoc),
    };
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

function volts(kilovolts: number | undefined): number | undefined {
  return kilovolts !== undefined && kilovolts >= 20 && kilovolts <= 1_000 ? kilovolts * 1_000 : undefined;
}

function anglesOf(bytes: Uint8Array, path: string): number[] | undefined {
  try {
    return parseTiltAngles(bytes, path).map(({ degrees }) => degrees);
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

/** Range to a tenth of a degree, and the step that most neighbours have. */
function ofAngles(angles: readonly number[]): Pick<Acquisition, "range" | "step"> {
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
