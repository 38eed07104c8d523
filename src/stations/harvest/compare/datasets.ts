import type { JsonObject } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import type { Quantity } from "../../../formats/peek/facts.js";
import { at, numberOf, textOf } from "../../../portals/fields.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import type { ReadFileRecord } from "../records/file-metadata.js";
import { quantity } from "../records/quantities.js";
import type { Acquisition, LocatedRecord, NormalisedRecord } from "../records/record.js";
import { guessWarning, webRecordOf } from "../records/web-match.js";

/** One data set: the record of its file, of its portal, or both. */
export interface Dataset {
  name: string;
  /** The file's record as read, without the portal's facts. */
  record?: NormalisedRecord | undefined;
  /** The reference program's own record, if it wrote the document. */
  reference?: JsonObject | undefined;
  web?: ReadRecord | undefined;
  /** Warnings of the join, such as that only the file's name connects file and portal record. */
  warnings?: readonly string[] | undefined;
}

/**
 * Joins records of files with those of portals: `scan#2` with the record of `scan`. Portals' records without a file come last.
 */
export function joinDatasets(files: readonly ReadFileRecord[], webs: readonly ReadRecord[]): Dataset[] {
  const used = new Set<ReadRecord>();
  const datasets = files.map(({ record, reference }): Dataset => {
    const { name, location = "" } = record as Partial<LocatedRecord> & NormalisedRecord;
    const named = webs.find((web) => web.name === name) ?? webs.find((web) => web.name === name.replace(/#\d+$/, ""));
    const match = named || location === "" ? undefined : webRecordOf(webs, { name, location });
    const web = named ?? match?.record;
    if (web) used.add(web);
    const warnings = match && guessWarning(match);
    return { name, record: reference ? withInstrument(record) : record, reference, web, warnings };
  });
  return [...datasets, ...webs.filter((web) => !used.has(web)).map((web) => ({ name: web.name, web }))];
}

/**
 * Adds to a record of the reference program what its reader of DM3 files (RosettaSciIO) says of the microscope. That reader uses
 * its own words and names no format, so the words also tell the format.
 */
function withInstrument(record: NormalisedRecord): NormalisedRecord {
  const acquisition = instrumentFacts(record.raw_metadata);
  if (Object.keys(acquisition).length === 0 || Object.keys(record.acquisition).length > 0) return record;
  return {
    ...record,
    format: record.format === "unknown" ? "dm3" : record.format,
    acquisition,
    sources: { ...record.sources, acquisition: "file" },
  };
}

/** RosettaSciIO's names of a microscope's settings: `Acquisition_instrument.SEM.beam_energy`, in keV, nA and s. */
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
