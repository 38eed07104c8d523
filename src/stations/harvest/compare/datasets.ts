import type { JsonObject } from "../../../core/json.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import type { ReadFileRecord } from "../records/file-metadata.js";
import type { LocatedRecord, NormalisedRecord } from "../records/record.js";
import { webRecordOf } from "../records/web-match.js";
import { withInstrument } from "./instrument.js";

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
