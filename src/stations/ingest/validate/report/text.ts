import { counted } from "../../../../core/units.js";
import type { ReportedFinding } from "../tally.js";
import { exitStatusOf, type Validation } from "../validation.js";

/** Findings of one check that a person reads before asking for the whole document. */
const SHOWN = 8;
const WIDTH = 100;

/** For a terminal: what failed first, then what could not be decided, then counts by mark, and one line that sums up. */
export function validationText(validation: Validation): string {
  const { findings, skipped, marks, counts, runs } = validation;
  const sections = [
    ...grouped(findings).map((group) => findingLines(group, statementOf(validation, group[0]!.check))),
    skipped.length === 0 ? [] : ["not decided:", ...skippedLines(skipped)],
    table([
      ["", "passed", "failed", "warned", "skipped"],
      ...marks.map(({ mark, passed, failed, warned, skipped: left }) => [mark, ...[passed, failed, warned, left].map(String)]),
    ]),
    [summary(counts, runs.length, exitStatusOf(validation))],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** Checks that lack the same thing in the same place share a line. */
function skippedLines(skipped: Validation["skipped"]): string[] {
  const groups = new Map<string, string[]>();
  for (const { check, reason, count, entities } of skipped) {
    const where = `${reason} (${count === 1 ? entities[0] : `${count} times, first: ${entities[0]}`})`;
    groups.set(where, [...(groups.get(where) ?? []), check]);
  }
  return [...groups].flatMap(([where, checks]) => [`  ${where}:`, ...wrapped(checks.join(" ")).map((line) => `    ${line}`)]);
}

function statementOf({ checks }: Validation, id: string): string {
  return checks.find((check) => check.id === id)?.statement ?? "";
}

function grouped(findings: readonly ReportedFinding[]): ReportedFinding[][] {
  const groups = new Map<string, ReportedFinding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.check}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

function findingLines(group: readonly ReportedFinding[], statement: string): string[] {
  const [{ check, severity }] = group as [ReportedFinding];
  const lines = [`${severity === "fail" ? "error" : "warning"}[${check}]: ${statement}`];
  for (const finding of group.slice(0, SHOWN)) {
    lines.push(`  ${finding.entity}: ${finding.message}`, `    at ${placeText(finding)}`);
    if (finding.explanation) lines.push(...wrapped(finding.explanation).map((line) => `    ${line}`));
  }
  if (group.length > SHOWN) lines.push(`  and ${group.length - SHOWN} more: --json or --html list all`);
  return lines;
}

/** `10401/TS_0001/…/tomogram_metadata.json size.z`, `… byte 88`, `…:12`. */
export function placeText({ key, path, byte, line }: Pick<ReportedFinding, "key" | "path" | "byte" | "line">): string {
  const at = line === undefined ? key : `${key}:${line}`;
  if (path !== undefined) return `${at} ${path}`;
  return byte === undefined ? at : `${at} byte ${byte}`;
}

function summary({ passed, failed, warned, skipped }: Validation["counts"], runs: number, exitStatus: number): string {
  const of = runs === 0 ? "" : ` on ${counted(runs, "run")}`;
  const outcome = exitStatus === 0 ? "no errors" : counted(failed, "check failed", "checks failed");
  const warnings = warned === 0 ? "" : `, ${counted(warned, "warning")}`;
  return `${outcome}${warnings} (${passed} passed, ${skipped} not decided)${of}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  if (rows.length < 2) return [];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  "),
  );
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH - 4) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
