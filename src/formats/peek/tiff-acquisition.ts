import type { VendorFacts } from "../tiff/vendor.js";
import type { PeekFacts } from "./facts.js";

/** Joule of one electronvolt: exact since 2019. */
export const JOULE_PER_EV = 1.602176634e-19;

/** Acquisition of an image by FEI's own tag: sections `Beam`, `EBeam`, `IBeam`, `EScan`, `System`, `User`. */
export function feiAcquisition({ values }: VendorFacts): PeekFacts["acquisition"] {
  const result: PeekFacts["acquisition"] = {};
  const beam = values["Beam.Beam"] || "EBeam";
  const scan = values["Beam.Scan"] || "EScan";
  const number = (...keys: string[]) => {
    for (const key of keys) {
      const text = values[key];
      const value = text ? Number(text) : Number.NaN;
      if (Number.isFinite(value) && value > 0) return value;
    }
    return undefined;
  };
  const volts = number(`${beam}.HV`, "Beam.HV");
  if (volts !== undefined) result.beam_energy = { value: volts, unit: "eV", si: volts * JOULE_PER_EV };
  const current = number(`${beam}.BeamCurrent`);
  if (current !== undefined) result.beam_current = { value: current, unit: "A", si: current };
  const dwell = number("Scan.Dwelltime", `${scan}.Dwell`, `${scan}.Dwelltime`);
  if (dwell !== undefined) result.dwell_time = { value: dwell, unit: "s", si: dwell };
  const texts = { microscope: values["System.SystemType"], date: values["User.Date"], time: values["User.Time"] };
  for (const [key, text] of Object.entries(texts)) if (text) result[key] = text;
  return result;
}
