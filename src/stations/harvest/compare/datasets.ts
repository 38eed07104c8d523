import type { JsonObject } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import type { Quantity } from "../../../formats/peek/facts.js";
import { at, numberOf, textOf } from "../../../portals/fields.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import type { ReadFileRecord } from "../records/file-metadata.js";
import { quantity } from "../records/quantities.js";
import type { Acquisition, LocatedRecord, NormalisedRecord } from "../records/record.js";
import { webRecordOf } from "../records/web-match.js";

/** One data set as its documents have it: what its files say, what its portal says, or one of them. */
export interface Dataset {
  name: string;
  /** As read, before anything of the portal is added. */
  record?: NormalisedRecord | undefined;
  /** The reference program's own record, where the document is one of its. */
  reference?: JsonObject | undefined;
  web?: ReadRecord | undefined;
}

/**
 * Puts records of files and of portals together. One image of several in a file (`scan#2`) belongs to the portal's record of the file.
 * Portals' records without a file come last.
 */
export function joinDatasets(files: readonly ReadFileRecord[], webs: readonly ReadRecord[]): Dataset[] {
  const used = new Set<ReadRecord>();
  const datasets = files.map(({ record, reference }): Dataset => {
    const { name, location = "" } = record as Partial<LocatedRecord> & NormalisedRecord;
    const named = webs.find((web) => web.name === name) ?? webs.find((web) => web.name === name.replace(/#\d+$/, ""));
    const web = named ?? (location === "" ? undefined : webRecordOf(webs, { name, location })?.record);
    if (web) used.add(web);
    return { name, record: reference ? withInstrument(record) : record, reference, web };
  });
  return [...datasets, ...webs.filter((web) => !used.has(web)).map((web) => ({ name: web.name, web }))];
}

/**
 * A record of the reference program with what its reader of DM3 files says of the microscope. The reader (RosettaSciIO) names that in words
 * of its own, and no format, so the words tell the format as well.
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
