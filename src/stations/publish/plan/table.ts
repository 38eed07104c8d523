import { counted, formatBytes } from "../../../core/units.js";
import type { Plan, PlanItem } from "./plan.js";

/** A plan for people: an item a line, and what there is of it. */
export function planTable(plan: Plan): string {
  const { sample, bucket, profile, items, totals } = plan;
  const rows = items.map((item) => [
    item.id,
    item.action,
    stateOf(item),
    amountOf(item),
    item.job ?? "",
    `${item.source} -> ${item.target}`,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column] ?? 0))),
  );
  return [
    `${sample} to ${bucket}, by the profile ${profile}`,
    ...lines.map((cells) => `  ${cells.filter((_, column) => widths[column] !== 0).join("  ")}`),
    [
      `${counted(totals.items, "item")}`,
      ...(totals.missing > 0 ? [`${totals.missing} missing`] : []),
      ...(totals.files === null ? [] : [`${counted(totals.files, "file")}, ${formatBytes(totals.bytes!)}`]),
    ].join(", "),
  ].join("\n");
}

function stateOf({ exists, error, warnings }: PlanItem): string {
  if (error) return error.code;
  if (!exists) return "missing";
  return warnings.length > 0 ? "look" : "ok";
}

function amountOf({ exists, files, bytes }: PlanItem): string {
  if (!exists || files === null) return "";
  return `${counted(files, "file")}, ${formatBytes(bytes!)}`;
}
