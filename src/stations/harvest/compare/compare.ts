import { plainText } from "../../../core/plain-text.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import type { ReadFileRecord } from "../records/file-metadata.js";
import { fillFromWeb } from "../records/fill.js";
import type { NormalisedRecord } from "../records/record.js";
import { acquisitionTable } from "./acquisition.js";
import { joinDatasets } from "./datasets.js";
import { imagesTable } from "./images.js";
import { referenceAcquisition } from "./reference-acquisition.js";
import { referenceImages } from "./reference-images.js";
import type { Table } from "./table.js";

/** Two sources that disagree about one field of a record. */
interface Conflict {
  dataset: string;
  /** As the record names it: `voxel_size`, `beam_current`. */
  field: string;
  /** Both values and where they stand. */
  says: string;
}

/** A warning of a record that is no disagreement. */
interface Note {
  dataset: string;
  says: string;
}

/** The two tables, and the facts that a page shows around them. */
export interface Comparison {
  compat: boolean;
  images: Table;
  acquisition: Table;
  conflicts: readonly Conflict[];
  notes: readonly Note[];
  /** In the order of the images' rows. */
  datasets: readonly ComparedDataset[];
}

export interface ComparedDataset {
  name: string;
  /** With the portal's facts; undefined where only the portal is known. */
  record: NormalisedRecord | undefined;
  web: ReadRecord | undefined;
}

/**
 * Compares data sets of any portals, by their files and their portals' facts.
 *
 * @param files records of `inspect`, or of the reference program
 * @param webs records of `describe`: they fill gaps, and contradict
 * @param compat both tables as the reference program prints them: nothing is corrected, filled or compared
 */
export function compare(files: readonly ReadFileRecord[], webs: readonly ReadRecord[], { compat = false } = {}): Comparison {
  const joined = joinDatasets(files, webs);
  if (compat) {
    const datasets = joined.map(({ name, record, web }) => ({ name, record, web }));
    const [images, acquisition] = [referenceImages(joined), referenceAcquisition(joined)];
    return { compat, images, acquisition, conflicts: [], notes: [], datasets };
  }
  const datasets = joined.map(({ name, record, web, warnings = [] }) => {
    if (!record || !web) return { name, web, record };
    const filled = fillFromWeb(record, web);
    // a record of inspect may have the warning already
    return { name, web, record: { ...filled, warnings: [...new Set([...filled.warnings, ...warnings])] } };
  });
  const { conflicts, notes } = warningsOf(datasets);
  const described = datasets.flatMap(({ name, record }) => {
    if (!record) return [];
    const conflictsOf = (field: string) =>
      conflicts.flatMap((conflict, index) => (conflict.dataset === plainText(name) && conflict.field === field ? [index] : []));
    return [{ record, conflictsOf }];
  });
  return { compat, images: imagesTable(described), acquisition: acquisitionTable(described), conflicts, notes, datasets };
}

/** `conflict:<field>: …` names what two sources disagree about; the rest are notes. */
function warningsOf(datasets: readonly ComparedDataset[]): { conflicts: Conflict[]; notes: Note[] } {
  const conflicts: Conflict[] = [];
  const notes: Note[] = [];
  for (const { name, record, web } of datasets) {
    for (const warning of record?.warnings ?? []) {
      const [, field, says] = /^conflict:([\w.]+):?\s*(.*)$/s.exec(warning) ?? [];
      if (field !== undefined) conflicts.push({ dataset: plainText(name), field, says: plainText(says ?? "") });
      else notes.push({ dataset: plainText(name), says: plainText(warning) });
    }
    if (!record && web)
      notes.push({ dataset: plainText(name), says: "known from its portal alone: no record of its files was given" });
  }
  return { conflicts, notes };
}
