import { groupsOf, keyOf } from "../../../core/groups.js";
import { type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { shownPath } from "../inventory/path-bytes.js";
import { type LabelsOptions, labelArchive } from "../labels/labels.js";
import type { Batch } from "./events.js";
import { type LedgerPlace, readLedger } from "./ledger.js";

export interface RemainingReport extends Report {
  /** Models by label, species and drive that are in no batch, the most first. */
  readonly groups: readonly { label: string; species: string; drive: string; models: number; batches: readonly string[] }[];
  /** Models in unmatched runs, which cannot be collected. */
  readonly outside: number;
}

/**
 * The models that are left to collect, by label, species and drive, the largest group first. Groups for which there is a batch of
 * the same label and drive come last, with the names of the batches; `collect --dry-run` tells which of their files are new.
 */
export async function remainingGroups(
  dirs: readonly string[],
  options: LabelsOptions & Pick<LedgerPlace, "ledger">,
): Promise<RemainingReport> {
  const { batches } = await readLedger(options);
  const { matrix, outside, errors, exitStatus } = await labelArchive(dirs, {
    ...options,
    plot: undefined,
    csv: undefined,
    matrix: undefined,
  });
  const cells = matrix.flatMap(({ drive, species, labels }) =>
    Object.entries(labels).map(([label, models]) => ({ drive, species, label, models })),
  );
  const groups = [...groupsOf(cells, ({ drive, species, label }) => keyOf(drive, species, label)).values()]
    .map((group) => ({
      ...group[0]!,
      models: group.reduce((sum, { models }) => sum + models, 0),
      batches: [...batches.values()].filter((batch) => speaksFor(batch, group[0]!)).map(({ id }) => id),
    }))
    .sort(
      (a, b) =>
        Math.min(1, a.batches.length) - Math.min(1, b.batches.length) ||
        b.models - a.models ||
        byText(a.label, b.label) ||
        byText(a.species, b.species) ||
        byText(a.drive, b.drive),
    );
  return withText({ groups, outside, errors, exitStatus }, linesOf);
}

function linesOf({ groups, outside }: Omit<RemainingReport, "toText">): string[] {
  const lines = groups.map(
    ({ label, species, drive, models, batches }) =>
      `${String(models).padStart(6)}  ${label.padEnd(8)}  ${shownPath(species || "unknown species").padEnd(24)}  ${shownPath(drive)}${batches.length > 0 ? `  in ${batches.join(", ")}` : ""}`,
  );
  const unmatched = `${counted(outside, "more model is", "more models are")} in unmatched runs`;
  return [...(lines.length === 0 ? ["nothing is left"] : lines), ...(outside > 0 ? [unmatched] : [])];
}

function speaksFor({ label, drives, species, state }: Batch, cell: { label: string; drive: string; species: string }): boolean {
  const same = (names: readonly string[] | undefined, name: string) =>
    names === undefined || names.length === 0 || names.includes(name);
  return (
    state !== "rejected" &&
    label?.toLowerCase() === cell.label.toLowerCase() &&
    same(drives, cell.drive) &&
    same(species, cell.species)
  );
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
