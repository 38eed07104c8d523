import type { JsonObject } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import type { Quantity } from "../../../formats/peek/facts.js";
import { at, numberOf, textOf } from "../../../portals/fields.js";
import { quantity } from "../records/quantities.js";
import type { Acquisition, NormalisedRecord } from "../records/record.js";

/**
 * A record of the reference program with what its reader of DM3 files says of the microscope. The reader (RosettaSciIO) names that in words
 * of its own, and no format, so the words tell the format as well.
 */
export function withInstrument(record: NormalisedRecord): NormalisedRecord {
  const acquisition = instrumentFacts(record.raw_metadata);
  if (Object.keys(acquisition).length === 0 || Object.keys(record.acquisition).length > 0) return record;
  return {
    ...record,
    format: record.format === "unknown" ? "dm3" : record.format,
    acquisition,
    sources: { ...record.sources, acquisition: "file" },
  };
}

/** How RosettaSciIO names what a microscope was set to: `Acquisition_instrument.SEM.beam_energy`, in keV, nA and s. */
function instrumentFacts(raw: JsonObject): Acquisition {
  const instruments = jsonObject(raw.Acquisition_instrument) ?? jsonObject(at(raw, "metadata", "Acquisition_instrument")) ?? {};
  const [mode, settings] = Object.entries(instruments)[0] ?? [];
  const number = (key: string, unit: string): [string, Quantity][] => {
    const value = numberOf(at(settings, key));
    const found = value === undefined ? undefined : quantity(value, unit);
    return found ? [[key, found]] : [];
  };
  const word = (key: string, value: string | undefined): [string, string][] => (value === undefined ? [] : [[key, value]]);
  const general = jsonObject(raw.General) ?? jsonObject(at(raw, "metadata", "General"));
  return Object.fromEntries<Quantity | string>([
    ...number("beam_energy", "keV"),
    ...number("beam_current", "nA"),
    ...number("dwell_time", "s"),
    ...number("magnification", ""),
    ...word("microscope", textOf(at(settings, "microscope"))),
    ...word("mode", mode),
    ...word("date", textOf(general?.date)),
    ...word("time", textOf(general?.time)),
  ]);
}
