import type { GivenEnv } from "../../../engine/env.js";
import { type Kept, keepLatest, latestKind, listLatest, readLatest } from "../../../engine/kept.js";
import type { Comparison } from "./compare.js";
import { comparisonAs } from "./print/comparison-as.js";
import type { CompareRequest } from "./run.js";
import type { Cell, Table } from "./table.js";

const KIND = latestKind("harvest/compared");

/** A comparison as it is kept for the pages: both tables by their cells, and in the forms that `harvest compare` prints. */
export interface KeptComparison extends Pick<Comparison, "compat" | "conflicts" | "notes"> {
  readonly images: KeptTable;
  readonly acquisition: KeptTable;
  /** The comparison as `--json` prints it. */
  readonly json: string;
  /** The comparison as `--format csv` prints it. */
  readonly csv: string;
}

export interface KeptTable extends Pick<Table, "title" | "columns"> {
  readonly rows: readonly (readonly Omit<Cell, "value">[])[];
}

/** Keeps a comparison in the workspace, in place of an earlier one of the same documents. */
export async function keepComparison(
  comparison: Comparison,
  { files, webs = [], compat = false, workspace, ...env }: CompareRequest & GivenEnv & { workspace: string },
): Promise<void> {
  const { images, acquisition, conflicts, notes } = comparison;
  const result: KeptComparison = {
    ...{ compat: comparison.compat, images: keptTable(images), acquisition: keptTable(acquisition), conflicts, notes },
    json: comparisonAs(comparison, "json"),
    csv: comparisonAs(comparison, "csv"),
  };
  const mode = compat ? ["--compat", "reference"] : [];
  const command = ["emporium", "harvest", "compare", ...files, ...webs.flatMap((web) => ["--web", web]), ...mode];
  const about = { locations: [...files, ...webs], how: { compat, webs: webs.length } };
  await keepLatest(KIND, result, { ...env, workspace, command, about });
}

export const listComparisons = (workspace: string) => listLatest(KIND, workspace);

/** @throws {EmporiumError} as `readAnswer` */
export const readComparison = (workspace: string, id: string): Promise<Kept<KeptComparison>> => readLatest(KIND, workspace, id);

/** A table without the values for programs: these are in `json`, and some are no JSON by themselves. */
function keptTable({ title, columns, rows }: Table): KeptTable {
  return { title, columns, rows: rows.map((row) => row.map(({ value: _, ...shown }) => shown)) };
}
