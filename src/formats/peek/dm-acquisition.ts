import { type DmGroup, findTag, tagNumber, tagText } from "../dm/tags.js";
import type { PeekFacts, Quantity } from "./facts.js";
import { JOULE_PER_EV } from "./tiff-acquisition.js";

/** Acquisition of an image by its `ImageTags`; for stacks that were built from files, by those of their first file. */
export function dmAcquisition(image: DmGroup): Pick<PeekFacts, "acquisition" | "warnings"> {
  const acquisition: PeekFacts["acquisition"] = {};
  const warnings: string[] = [];
  const roots = [["ImageTags"], ["ImageTags", "source", "Tags at creation"]];
  const find = <T>(read: (path: readonly string[]) => T | undefined): T | undefined => {
    for (const root of roots) {
      const found = read(root);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const number = (...path: string[]) => find((root) => tagNumber(findTag(image, ...root, ...path)));
  const text = (...path: string[]) =>
    find((root) => {
      const found = tagText(findTag(image, ...root, ...path))?.trim();
      return found === undefined || found === "" || found === "[]" ? undefined : found;
    });

  const volts = number("Microscope Info", "Voltage");
  if (volts !== undefined) acquisition.beam_energy = { value: volts / 1000, unit: "keV", si: volts * JOULE_PER_EV };
  const current = number("Microscope Info", "Probe Current (nA)");
  if (current !== undefined) acquisition.beam_current = { value: current, unit: "nA", si: current * 1e-9 };
  const sample = number("DigiScan", "Sample Time");
  if (sample !== undefined) acquisition.dwell_time = { value: sample / 1e6, unit: "s", si: sample / 1e6 };
  const magnification = number("Microscope Info", "Indicated Magnification");
  if (magnification !== undefined) acquisition.magnification = { value: magnification, unit: "", si: magnification };
  const microscope =
    text("Session Info", "Microscope") ?? text("Microscope Info", "Name") ?? text("Microscope Info", "Microscope");
  if (microscope !== undefined) acquisition.microscope = microscope;
  const mode = text("Microscope Info", "Illumination Mode");
  if (mode !== undefined) acquisition.mode = /STEM/i.test(mode) ? "STEM" : /SEM/i.test(mode) ? "SEM" : "TEM";
  const stage: Record<string, Quantity> = {};
  for (const axis of ["X", "Y", "Z"]) {
    const value = number("Microscope Info", "Stage Position", `Stage ${axis}`);
    if (value !== undefined) stage[axis.toLowerCase()] = { value: value * 1e-3, unit: "mm", si: value * 1e-6 };
  }
  for (const axis of ["Alpha", "Beta"]) {
    const value = number("Microscope Info", "Stage Position", `Stage ${axis}`);
    if (value !== undefined) stage[axis.toLowerCase()] = { value, unit: "deg", si: (value * Math.PI) / 180 };
  }
  if (Object.keys(stage).length > 0) acquisition.stage = stage;
  const os = number("DataBar", "Acquisition Time (OS)");
  const [date, time] = [text("DataBar", "Acquisition Date"), text("DataBar", "Acquisition Time")];
  const day = date === undefined ? undefined : dmDate(date, os);
  if (day) acquisition.date = day.date;
  else if (date !== undefined) acquisition.date = date;
  if (day?.ambiguous) warnings.push(`ambiguous-date: ${date} is read as month/day/year`);
  const clock = time === undefined ? undefined : dmTime(time);
  if (clock ?? time) acquisition.time = clock ?? time!;
  return { acquisition, warnings };
}

/**
 * A date of the program as `YYYY-MM-DD`: day.month.year; with slashes the part above 12 is the day. If both are 12 or less, the
 * operating system's clock decides.
 *
 * @param osTicks 100 ns since 1601-01-01 UTC, if above 0.
 */
export function dmDate(text: string, osTicks?: number): { date: string; ambiguous: boolean } | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso) return dated(Number(iso[1]), Number(iso[2]), Number(iso[3]), false);
  const parts = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})$/.exec(text);
  if (!parts) return undefined;
  const [first, second] = [Number(parts[1]), Number(parts[3])];
  const year = Number(parts[4]) + (parts[4]!.length === 2 ? 2000 : 0);
  if (parts[2] === "." || first > 12) return dated(year, second, first, false);
  if (second > 12) return dated(year, first, second, false);
  if (first === second) return dated(year, first, second, false);
  if (osTicks !== undefined && osTicks > 0) {
    const os = new Date(osTicks / 1e4 - 11_644_473_600_000);
    // the writer's clock may be a day off from UTC
    const near = (month: number, dayOfMonth: number) =>
      Math.abs(Date.UTC(year, month - 1, dayOfMonth) - os.getTime()) < 2 * 86_400_000;
    if (near(second, first) && !near(first, second)) return dated(year, second, first, false);
    if (near(first, second)) return dated(year, first, second, false);
  }
  return dated(year, first, second, true);
}

function dated(year: number, month: number, day: number, ambiguous: boolean): { date: string; ambiguous: boolean } | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const two = (value: number) => String(value).padStart(2, "0");
  return { date: `${year}-${two(month)}-${two(day)}`, ambiguous };
}

/** `6:48:25 PM`, `17:06:40` as `HH:MM:SS`. */
export function dmTime(text: string): string | undefined {
  const parts = /^(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP]M)?$/i.exec(text);
  if (!parts) return undefined;
  const half = parts[4]?.toUpperCase();
  const hour = (Number(parts[1]) % (half ? 12 : 24)) + (half === "PM" ? 12 : 0);
  return `${String(hour).padStart(2, "0")}:${parts[2]}:${parts[3] ?? "00"}`;
}
