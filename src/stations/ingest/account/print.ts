import { few, fewFiles } from "../../../core/finding.js";
import { plainText } from "../../../core/plain-text.js";
import { counted } from "../../../core/units.js";
import type { FileAccount, FileFate } from "./account.js";
import { useName } from "./ledger.js";

/** An account for people: counts, and of the exceptions the first three of each kind. */
export function formatAccount({ below, used, leftOut, unnamed, files, notImported, notLookedFor }: FileAccount): string[] {
  const unlooked = files.filter(({ fate, path }) => fate === "unnamed" && path.endsWith("/")).length;
  const whole = unlooked > 0 ? `, ${counted(unlooked, "whole folder")} among them` : "";
  const some = leftOut === 0 ? "" : `${unnamed} of them since `;
  const why = unnamed === 0 ? "" : ` (${some}no line of the configuration names them${whole})`;
  const lines = [`Files below ${below}: ${used} used, ${leftOut + unnamed} left out${why}`];
  if (used > 0) lines.push(`  used: ${usedText(files)}`);
  const left = new Map<string, string[]>();
  for (const file of files) {
    if (file.fate !== "left out") continue;
    const by = file.at === undefined ? file.by : `${file.by} at ${file.at}`;
    left.set(by, [...(left.get(by) ?? []), file.path]);
  }
  for (const [by, paths] of left) lines.push(`  left out by ${by}: ${shownFiles(paths)}`);
  if (unnamed > 0) {
    const paths = files.flatMap(({ fate, path }) => (fate === "unnamed" ? [path] : []));
    lines.push(`  left out, since no line names them: ${shownFiles(paths)}`);
  }
  if (notImported.length > 0 && unnamed > 0) {
    lines.push(`  files of ${few(notImported, notImported.length)} count as left out: this command does not import them`);
  }
  if (notLookedFor > 0 && unnamed > 0) {
    const whose = counted(notLookedFor, "source");
    lines.push(
      `  files of ${whose} that parent_filters leave out were not all looked for: some count as files that no line names`,
    );
  }
  return lines;
}

function usedText(files: readonly FileFate[]): string {
  const counts = new Map<string, number>();
  let shared = 0;
  for (const file of files) {
    if (file.fate !== "used") continue;
    for (const as of new Set(file.uses.map((use) => use.as))) counts.set(as, (counts.get(as) ?? 0) + 1);
    if (new Set(file.uses.flatMap(({ dataset, run }) => (run === undefined ? [] : [`${dataset}/${run}`]))).size > 1) shared++;
  }
  const text = [...counts].map(([as, number]) => `${number} as ${as === "run_data_map" ? "run data map" : useName(as as never)}`);
  return text.join(", ") + (shared > 0 ? `; ${counted(shared, "file")} for several runs` : "");
}

/** `a, b, c and 9 more (--json lists all)` */
function shownFiles(paths: readonly string[]): string {
  return fewFiles(paths.map(plainText)) + (paths.length > 3 ? " (--json lists all)" : "");
}
